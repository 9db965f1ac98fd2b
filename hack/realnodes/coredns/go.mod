module shorthaul.dev/coredns

go 1.26
