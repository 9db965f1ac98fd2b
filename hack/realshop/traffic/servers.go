package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

const mostAnswerBytes = 64 << 20

// server answers a call with as many bytes as it asks for.
type server struct {
	answered, received, sent atomic.Int64
	zeros                    []byte
}

func newServer() *server { return &server{zeros: make([]byte, 64<<10)} }

func (s *server) ServeHTTP(writer http.ResponseWriter, request *http.Request) {
	read, err := io.Copy(io.Discard, request.Body)
	s.received.Add(read)
	wanted, bad := strconv.ParseInt(request.Header.Get(answerHeader), 10, 64)
	if err != nil || bad != nil || wanted < 0 || wanted > mostAnswerBytes {
		http.Error(writer, answerHeader+" has to be 0 to 67108864", http.StatusBadRequest)
		return
	}
	writer.Header().Set("Content-Length", strconv.FormatInt(wanted, 10))
	for wanted > 0 {
		written, err := writer.Write(s.zeros[:min(wanted, int64(len(s.zeros)))])
		s.sent.Add(int64(written))
		if err != nil {
			return
		}
		wanted -= int64(written)
	}
	s.answered.Add(1)
}

// counts tells what this pod did since it began, and whether it is about to end.
func counts(ending context.Context, name string, answering *server, wanted calls) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(writer http.ResponseWriter, _ *http.Request) {
		if ending.Err() != nil {
			http.Error(writer, "ending", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("GET /counts", func(writer http.ResponseWriter, _ *http.Request) {
		told := []map[string]any{}
		for _, one := range wanted {
			told = append(told, one.told())
		}
		writer.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(writer).Encode(map[string]any{
			"name":   name,
			"ending": ending.Err() != nil,
			"calls":  told,
			"answers": map[string]int64{
				"count":          answering.answered.Load(),
				"received_bytes": answering.received.Load(),
				"sent_bytes":     answering.sent.Load(),
			},
		})
	})
	return mux
}

func (c *call) told() map[string]any {
	c.lock.Lock()
	defer c.lock.Unlock()
	failures := map[string]int64{}
	for words, count := range c.failures {
		failures[words] = count
	}
	return map[string]any{
		"to":             c.name,
		"due":            c.due.Load(),
		"done":           c.done.Load(),
		"failed":         c.failed.Load(),
		"skipped":        c.skipped.Load(),
		"failures":       failures,
		"sent_bytes":     c.sent.Load(),
		"received_bytes": c.received.Load(),
		"microseconds":   c.latencies.told(),
	}
}
