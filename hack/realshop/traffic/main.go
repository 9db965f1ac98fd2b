// traffic is one pod of the shop: it answers the calls of others and makes its own, at a known rate
// and size, and tells on another port how long they took and what they carried.
//
// Calls are made at random times that a seed decides, whether or not earlier ones are done, and each
// is timed from when it was due, so that a slow link shows in full. When asked to end it makes no
// further call, goes on answering for a while so that whoever still knows its address is served, and
// only then ends.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

const readHeaderTimeout = 10 * time.Second

type calls []*call

func (c *calls) String() string { return fmt.Sprint(len(*c)) }

func (c *calls) Set(text string) error {
	one, err := parse(text)
	if err == nil {
		*c = append(*c, one)
	}
	return err
}

func main() {
	var wanted calls
	listen := flag.String("listen", ":8080", "where calls are answered")
	tell := flag.String("tell", ":8081", "where counts are told: /counts, /ready")
	drain := flag.Duration("drain", 4*time.Second, "how long to go on answering when asked to end")
	seed := flag.Uint64("seed", 1, "decides when calls are made, together with -name")
	name := flag.String("name", os.Getenv("HOSTNAME"), "whose calls these are")
	flag.Var(&wanted, "call", "NAME=URL,rate=PER_SECOND,ask=BYTES,answer=BYTES; may be repeated")
	flag.Parse()

	ending, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer end()
	answering := newServer()
	serving := &http.Server{Addr: *listen, Handler: answering, ReadHeaderTimeout: readHeaderTimeout}
	telling := &http.Server{Addr: *tell, Handler: counts(ending, *name, answering, wanted), ReadHeaderTimeout: readHeaderTimeout}
	for _, one := range []*http.Server{serving, telling} {
		go func() {
			if err := one.ListenAndServe(); err != http.ErrServerClosed {
				fmt.Fprintln(os.Stderr, "traffic:", err)
				os.Exit(1)
			}
		}()
	}
	var making sync.WaitGroup
	for index, one := range wanted {
		making.Add(1)
		go func() {
			defer making.Done()
			one.make(ending, source(*seed, *name, index))
		}()
	}
	<-ending.Done()
	serving.SetKeepAlivesEnabled(false)
	time.Sleep(*drain)
	making.Wait()
	_ = serving.Shutdown(context.Background())
}
