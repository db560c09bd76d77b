package transport

import (
	"strings"
	"testing"
	"time"
)

func TestPersist(t *testing.T) {
	tests := map[string]struct {
		kind, args string
		want       time.Duration
	}{
		"Ansible's default":     {"ssh", "-C -o ControlMaster=auto -o ControlPersist=60s", time.Minute},
		"smart":                 {"smart", "-oControlMaster=auto -oControlPersist=5", 5 * time.Second},
		"a composed time":       {"", "-o ControlMaster=yes -o ControlPersist=1h30m", 90 * time.Minute},
		"for ever is a day":     {"", "-o ControlMaster=yes -o ControlPersist=yes", 24 * time.Hour},
		"more than a day is so": {"", "-o ControlMaster=yes -o ControlPersist=99999999999w", 24 * time.Hour},
		"not asked for":         {"", "-C", 0},
		"no master":             {"", "-o ControlPersist=60s", 0},
		"the first word counts": {"", "-o ControlMaster=no -o ControlMaster=auto -o ControlPersist=60s", 0},
		"switched off":          {"", "-o ControlMaster=auto -o ControlPersist=no", 0},
		"no time":               {"", "-o ControlMaster=auto -o ControlPersist=soon", 0},
		"local":                 {"local", "-o ControlMaster=auto -o ControlPersist=60s", 0},
		"paramiko":              {"paramiko", "-o ControlMaster=auto -o ControlPersist=60s", 0},
	}
	for name, test := range tests {
		if got := Persist(&Target{Kind: test.kind, CommonArgs: strings.Fields(test.args)}); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
