module shorthaul.dev/echo

go 1.26
