// Decodes a file of exported messages with goflow2's own pipe and producer, on one core, and tells
// how many flows and bytes came out and how long each round took. Messages are in memory before the
// clock starts; nothing is formatted or sent.
package main

import (
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/netsampler/goflow2/v2/producer"
	protoproducer "github.com/netsampler/goflow2/v2/producer/proto"
	"github.com/netsampler/goflow2/v2/utils"
)

type counting struct {
	producer.ProducerInterface
	flows, bytes uint64
}

func (c *counting) Produce(message interface{}, args *producer.ProduceArgs) ([]producer.ProducerMessage, error) {
	made, err := c.ProducerInterface.Produce(message, args)
	for _, one := range made {
		c.flows++
		c.bytes += one.(*protoproducer.ProtoProducerMessage).Bytes
	}
	return made, err
}

func main() {
	runtime.GOMAXPROCS(1)
	data, err := os.ReadFile(os.Args[1])
	check(err)
	rounds, err := strconv.Atoi(os.Args[2])
	check(err)
	var messages [][]byte
	for len(data) > 0 {
		length := binary.BigEndian.Uint32(data)
		messages = append(messages, data[4:4+length])
		data = data[4+length:]
	}
	config, err := (&protoproducer.ProducerConfig{}).Compile()
	check(err)
	inner, err := protoproducer.CreateProtoProducer(config, protoproducer.CreateSamplingSystem)
	check(err)
	source := netip.MustParseAddrPort("192.0.2.1:2055")
	var seconds []float64
	counter := &counting{ProducerInterface: inner}
	for round := 0; round < rounds; round++ {
		counter.flows, counter.bytes = 0, 0
		pipe := utils.NewNetFlowPipe(&utils.PipeConfig{Producer: counter})
		start := time.Now()
		for _, message := range messages {
			check(pipe.DecodeFlow(&utils.Message{Src: source, Dst: source, Payload: message, Received: start}))
		}
		seconds = append(seconds, time.Since(start).Seconds())
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"flows": counter.flows, "bytes": counter.bytes, "seconds": seconds,
	}))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
