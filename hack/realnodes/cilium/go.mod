module shorthaul.dev/cilium

go 1.26

// Cilium asks for a commit of this one that module proxies do not all have; a release does.
replace github.com/osrg/gobgp/v4 => github.com/osrg/gobgp/v4 v4.7.0
