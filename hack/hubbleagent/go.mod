module shorthaul.dev/hubbleagent

go 1.26

require github.com/cilium/cilium v1.20.2

// Cilium asks for a commit of this one that module proxies do not all have; nothing of it is built.
replace github.com/osrg/gobgp/v4 => github.com/osrg/gobgp/v4 v4.7.0
