package main

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	partBits  = 4 // 16 buckets for each doubling, so a bucket is 6 % wide
	parts     = 1 << partBits
	doublings = 32
)

// histogram counts durations in microseconds, in buckets that grow with what they hold.
type histogram struct {
	counts [doublings * parts]atomic.Int64
}

func (h *histogram) add(took time.Duration) {
	h.counts[bucket(max(0, took.Microseconds()))].Add(1)
}

// told is the counts by the bucket's upper bound in microseconds; empty buckets are left out.
func (h *histogram) told() [][2]int64 {
	found := [][2]int64{}
	for index := range h.counts {
		if count := h.counts[index].Load(); count > 0 {
			found = append(found, [2]int64{upper(index), count})
		}
	}
	return found
}

func bucket(microseconds int64) int {
	if microseconds < parts {
		return int(microseconds)
	}
	shift := bits.Len64(uint64(microseconds)) - 1 - partBits
	return min((shift+1)*parts+int(microseconds>>shift)-parts, doublings*parts-1)
}

// upper is the least value that is above all of a bucket.
func upper(index int) int64 {
	if index < parts {
		return int64(index) + 1
	}
	shift := index/parts - 1
	return int64(index%parts+parts+1) << shift
}
