// hubbleagent is the Hubble part of one Cilium agent, without the agent: Cilium's own observer with
// its ring buffer, its gRPC server and its file exporter, fed with Hubble export lines on standard
// input instead of a datapath. A real Hubble Relay takes it for a node. It ends with its input.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	flowpb "github.com/cilium/cilium/api/v1/flow"
	observerpb "github.com/cilium/cilium/api/v1/observer"
	peerpb "github.com/cilium/cilium/api/v1/peer"
	relaypb "github.com/cilium/cilium/api/v1/relay"
	hubble "github.com/cilium/cilium/pkg/hubble/api/v1"
	"github.com/cilium/cilium/pkg/hubble/container"
	"github.com/cilium/cilium/pkg/hubble/exporter"
	"github.com/cilium/cilium/pkg/hubble/observer"
	"github.com/cilium/cilium/pkg/hubble/observer/namespace"
	"github.com/cilium/cilium/pkg/hubble/observer/observeroption"
	"github.com/cilium/cilium/pkg/hubble/observer/types"
	"github.com/cilium/cilium/pkg/hubble/server"
	"github.com/cilium/cilium/pkg/hubble/server/serveroption"
	node "github.com/cilium/cilium/pkg/node/types"
)

var (
	name     = flag.String("node", "n1", "the node's name")
	listen   = flag.String("listen", "127.0.0.1:4244", "where to serve")
	peers    = flag.String("peers", "", "name=address,...: all nodes, for a Relay that asks here")
	capacity = flag.Int("capacity", 4095, "events in the ring buffer, a power of two less one")
	export   = flag.String("export", "", "a file to export to as well")
	describe = flag.Bool("describe", false, "print the descriptors of Hubble's API and end")
	log      = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
)

func main() {
	flag.Parse()
	if *describe {
		os.Stdout.Write(descriptors())
		return
	}
	node.SetName(*name)
	local := serve()
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		event := must(read(lines.Bytes()))
		local.GetEventsChannel() <- &types.MonitorEvent{NodeName: *name, Payload: event}
	}
}

// serve starts the observer and its server.
func serve() *observer.LocalObserverServer {
	options := []observeroption.Option{
		observeroption.WithMaxFlows(must(container.NewCapacity(*capacity))),
		observeroption.WithMonitorBuffer(1024),
	}
	if *export != "" {
		writer := exporter.FileWriter(exporter.FileWriterConfig{Filename: *export})
		out := must(exporter.NewExporter(log, exporter.WithNewWriterFunc(writer)))
		options = append(options, observeroption.WithOnDecodedEventFunc(
			func(ctx context.Context, event *hubble.Event) (bool, error) {
				return false, out.Export(ctx, event)
			}))
	}
	local := must(observer.NewLocalServer(decoded{}, namespace.NewManager(), log, options...))
	go local.Start()
	served := must(server.NewServer(log,
		serveroption.WithTCPListener(*listen),
		serveroption.WithHealthService(),
		serveroption.WithObserverService(local),
		serveroption.WithPeerService(announced{}),
		serveroption.WithInsecure()))
	go func() { must(0, served.Serve()) }()
	return local
}

// read makes the event of an export line; what is no event of the ring buffer is an error.
func read(line []byte) (*hubble.Event, error) {
	var told observerpb.ExportEvent
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(line, &told); err != nil {
		return nil, err
	}
	event := &hubble.Event{Timestamp: told.GetTime()}
	switch {
	case told.GetFlow() != nil:
		event.Event = told.GetFlow()
	case told.GetLostEvents() != nil:
		event.Event = told.GetLostEvents()
	case told.GetAgentEvent() != nil:
		event.Event = told.GetAgentEvent()
	default:
		return nil, errors.New("neither flow, lost events nor agent event: " + string(line))
	}
	return event, nil
}

// decoded stands where Cilium parses what the datapath wrote.
type decoded struct{}

func (decoded) Decode(event *types.MonitorEvent) (*hubble.Event, error) {
	return event.Payload.(*hubble.Event), nil
}

// announced tells a Relay all nodes, once.
type announced struct{}

func (announced) Notify(_ *peerpb.NotifyRequest, to peerpb.Peer_NotifyServer) error {
	for _, peer := range strings.Split(*peers, ",") {
		if named, address, found := strings.Cut(peer, "="); found {
			change := &peerpb.ChangeNotification{
				Name: named, Address: address, Type: peerpb.ChangeNotificationType_PEER_ADDED,
			}
			if err := to.Send(change); err != nil {
				return err
			}
		}
	}
	<-to.Context().Done()
	return nil
}

// descriptors is the FileDescriptorSet of Hubble's API, as its generated code carries it.
func descriptors() []byte {
	return must(proto.Marshal(&descriptorpb.FileDescriptorSet{
		File: []*descriptorpb.FileDescriptorProto{
			protodesc.ToFileDescriptorProto(flowpb.File_flow_flow_proto),
			protodesc.ToFileDescriptorProto(relaypb.File_relay_relay_proto),
			protodesc.ToFileDescriptorProto(observerpb.File_observer_observer_proto),
		},
	}))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Error("cannot go on", "error", err)
		os.Exit(1)
	}
	return value
}
