package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	timeout        = 10 * time.Second
	mostAtOnce     = 64
	connectionLife = 5 * time.Second
	answerHeader   = "X-Answer-Bytes"
)

// call is what a pod asks of one service again and again.
type call struct {
	name, url   string
	rate        float64
	ask, answer int64

	due, done, failed, skipped atomic.Int64
	sent, received             atomic.Int64
	latencies                  histogram
	lock                       sync.Mutex
	failures                   map[string]int64
}

func parse(text string) (*call, error) {
	parts := strings.Split(text, ",")
	name, url, found := strings.Cut(parts[0], "=")
	if !found || name == "" || url == "" {
		return nil, fmt.Errorf("%q does not begin with NAME=URL", text)
	}
	one := &call{name: name, url: url, failures: map[string]int64{}}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		number, err := strconv.ParseFloat(value, 64)
		if err != nil || number < 0 {
			return nil, fmt.Errorf("%s of %q is not a number from 0 on", key, text)
		}
		switch key {
		case "rate":
			one.rate = number
		case "ask":
			one.ask = int64(number)
		case "answer":
			one.answer = int64(number)
		default:
			return nil, fmt.Errorf("%q of %q is not rate, ask or answer", key, text)
		}
	}
	if one.rate == 0 {
		return nil, fmt.Errorf("%q has no rate above 0", text)
	}
	return one, nil
}

// source is the dice of one call; no two pods or calls share one.
func source(seed uint64, name string, index int) *rand.Rand {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%s/%d", name, index)
	return rand.New(rand.NewPCG(seed, sum.Sum64()))
}

// make makes calls until the context ends, then waits for those that are under way. Connections are
// given up every few seconds, so that the Service gets to choose again who answers.
func (c *call) make(ending context.Context, dice *rand.Rand) {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: timeout}).DialContext,
		MaxIdleConnsPerHost: mostAtOnce,
		DisableCompression:  true,
	}
	client := &http.Client{Transport: transport, Timeout: timeout}
	slots := make(chan struct{}, mostAtOnce)
	payload := make([]byte, c.ask)
	due, renewed := time.Now(), time.Now()
	var under sync.WaitGroup
	defer under.Wait()
	for {
		due = due.Add(time.Duration(dice.ExpFloat64() / c.rate * float64(time.Second)))
		select {
		case <-ending.Done():
			return
		case <-time.After(time.Until(due)):
		}
		c.due.Add(1)
		if time.Since(renewed) > connectionLife {
			renewed = time.Now()
			transport.CloseIdleConnections()
		}
		select {
		case slots <- struct{}{}:
		default:
			c.skipped.Add(1)
			continue
		}
		under.Add(1)
		go func(due time.Time) {
			defer func() { <-slots; under.Done() }()
			if err := c.once(client, payload); err != nil {
				c.fail(err)
				return
			}
			c.latencies.add(time.Since(due))
			c.done.Add(1)
		}(due)
	}
}

func (c *call) once(client *http.Client, payload []byte) error {
	request, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(payload))
	if err != nil {
		return err
	}
	request.Header.Set(answerHeader, strconv.FormatInt(c.answer, 10))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	read, err := io.Copy(io.Discard, response.Body)
	c.sent.Add(c.ask)
	c.received.Add(read)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("status %d", response.StatusCode)
	case read != c.answer:
		return fmt.Errorf("%d of %d bytes", read, c.answer)
	}
	return nil
}

// fail counts a call that failed, by the last words of why: those name no address.
func (c *call) fail(err error) {
	c.failed.Add(1)
	words := err.Error()
	var dialing *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		words = "timeout"
	case errors.As(err, &dialing):
		words = dialing.Op + ": " + words[strings.LastIndex(words, ": ")+2:]
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if len(c.failures) < mostAtOnce {
		c.failures[words]++
	}
}
