module shorthaul.dev/realshop/traffic

go 1.24
