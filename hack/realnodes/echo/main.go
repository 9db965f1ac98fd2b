// echo is what the pods of the cluster's own check run: a server that answers with as many bytes as
// it is asked for, a client that asks at a steady pace and tells how long that took, and the pause
// program that holds a pod's namespaces. It is one static file, so that its image needs no system.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"syscall"
	"time"
)

const (
	reportEvery = 2 * time.Second
	patience    = 10 * time.Second
)

func main() {
	role := "pause"
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	flags := flag.NewFlagSet(role, flag.ExitOnError)
	listen := flags.String("listen", ":8080", "where to serve")
	target := flags.String("target", "", "host:port to ask")
	size := flags.Int("bytes", 100_000, "how much to ask for at once")
	every := flags.Duration("every", 100*time.Millisecond, "the time between two requests")
	if role != "pause" {
		flags.Parse(os.Args[2:])
	}
	switch role {
	case "serve":
		go serve(*listen)
	case "ask":
		go ask(fmt.Sprintf("http://%s/?bytes=%d", *target, *size), *every)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
}

func serve(address string) {
	zeros := make([]byte, 64<<10)
	handler := func(answer http.ResponseWriter, request *http.Request) {
		left, _ := strconv.Atoi(request.URL.Query().Get("bytes"))
		for left > 0 {
			sent, err := answer.Write(zeros[:min(left, len(zeros))])
			if err != nil {
				return
			}
			left -= sent
		}
	}
	fmt.Println(http.ListenAndServe(address, http.HandlerFunc(handler)))
	os.Exit(1)
}

// ask makes one request after the other, never two at once, and prints a line per report: a slow
// link shows as long requests and fewer of them.
func ask(url string, every time.Duration) {
	client := http.Client{Timeout: patience}
	pace := time.NewTicker(every)
	reported := time.Now()
	var took []time.Duration
	var received, failures int64
	for {
		started := time.Now()
		count, err := fetch(&client, url)
		received += count
		if err != nil {
			failures++
			fmt.Println(err)
			client.CloseIdleConnections()
		} else {
			took = append(took, time.Since(started))
		}
		if since := time.Since(reported); since >= reportEvery {
			sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
			fmt.Printf("requests=%d failures=%d bytes=%d seconds=%.3f median_ms=%.2f\n",
				len(took), failures, received, since.Seconds(), median(took))
			reported, took, received, failures = time.Now(), nil, 0, 0
		}
		<-pace.C
	}
}

func fetch(client *http.Client, url string) (int64, error) {
	answer, err := client.Get(url)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	return io.Copy(io.Discard, answer.Body)
}

func median(sorted []time.Duration) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[len(sorted)/2]) / float64(time.Millisecond)
}
