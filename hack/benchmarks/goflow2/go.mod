module shorthaul.dev/goflow2

go 1.24
