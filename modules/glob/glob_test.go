package glob

import "testing"

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true},
		{"ansible_eth*", "ansible_eth0", true},
		{"ansible_eth[0-2]", "ansible_eth1", true},
		{"ansible_eth[!0-2]", "ansible_eth1", false},
		{"ansible_eth[!0-2]", "ansible_eth3", true},
		{"a?c", "abc", true},
		{"a?c", "abbc", false},
		{"a/*", "a/b/c", true},
		{"[]x]", "]", true},
		{"[", "[", true},
		{"a[z-a]", "ab", false},
		{"libc6", "libc6-dev", false},
		{"*+*.", "a+b.", true},
	}
	for _, tt := range tests {
		if got := Match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("Match(%q, %q) = %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}
