package transport

import (
	"strings"
	"testing"
)

func TestArgs(t *testing.T) {
	tests := map[string]struct {
		args string
		want map[string]string
	}{
		"option with equals":  {"-o Port=23", map[string]string{"port": "23"}},
		"option with a blank": {"-o|ConnectTimeout 5", map[string]string{"connecttimeout": "5"}},
		"joined":              {"-oPort=23 -p24", map[string]string{"port": "23"}},
		"first wins":          {"-l me -o User=you", map[string]string{"user": "me"}},
		"keys add up":         {"-i a -i b -o IdentityFile=c", map[string]string{"identityfile": "a b c"}},
		"flags together":      {"-4Cp 22", map[string]string{"addressfamily": "inet", "port": "22"}},
		"jump":                {"-J a@b:1,c", map[string]string{"proxyjump": "a@b:1,c"}},
		"quoted":              {`-o|ProxyCommand="nc %h %p"`, map[string]string{"proxycommand": "nc %h %p"}},
		"harmless":            {"-o ControlPath=~/.ssh/%C -o Compression=yes -q -C", nil},
	}
	for name, test := range tests {
		s := newSettings(func(text string) { t.Errorf("%s: warned: %s", name, text) })
		s.args(strings.FieldsFunc(test.args, func(r rune) bool {
			return r == '|' || r == ' ' && !strings.Contains(test.args, "|")
		}))
		for option, want := range test.want {
			if got := strings.Join(s.values[option], " "); got != want {
				t.Errorf("%s: %s is %q, want %q", name, option, got, want)
			}
		}
		if len(s.values) != len(test.want) {
			t.Errorf("%s: got %v", name, s.values)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	defaults := []string{"a", "b", "c"}
	for text, want := range map[string]string{"": "", "x,y": "x y", "+x": "a b c x", "-b": "a c", "^c,x": "c x a b"} {
		s := newSettings(nil)
		s.values["ciphers"] = []string{text}
		if got := strings.Join((&endpoint{settings: s}).algorithms("ciphers", defaults), " "); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}
