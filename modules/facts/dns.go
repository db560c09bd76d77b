package facts

import (
	"context"
	"strings"

	"drover/playbook/value"
)

// dns tells what resolv.conf(5) says.
func dns(_ context.Context, m *machine) *value.Dict {
	conf := value.NewDict(4)
	for _, line := range m.lines("/etc/resolv.conf") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		switch words[0] {
		case "nameserver":
			servers, ok := conf.At("nameservers").(*value.List)
			if !ok {
				servers = value.NewList()
				conf.Put("nameservers", servers)
			}
			servers.Append(value.Strings(words[1:]...).Elems...)
		case "domain":
			if len(words) > 1 {
				conf.Put("domain", value.Str(words[1]))
			}
		case "search", "sortlist":
			conf.Put(words[0], value.Strings(words[1:]...))
		case "options":
			conf.Put("options", resolverOptions(words[1:]))
		}
	}
	return value.DictOf("dns", conf)
}

func resolverOptions(words []string) *value.Dict {
	options := value.NewDict(len(words))
	for _, w := range words {
		name, val, _ := strings.Cut(w, ":")
		if val == "" {
			options.Put(name, value.Bool(true))
		} else {
			options.Put(name, value.Str(val))
		}
	}
	return options
}
