package pep440

import "testing"

func TestSpecifiersContain(t *testing.T) {
	for _, tc := range []struct {
		spec, version string
		want          bool
	}{
		{"", "1.0", true},
		{">=1.2,<2", "1.9.1", true},
		{">=1.2,<2", "2.0", false},
		{"==1.4.*", "1.4.7", true},
		{"==1.4.*", "1.40", false},
		{"==1.4", "1.4.0", true},
		{"==1.4", "1.4+deb1", true},
		{"==1.4+deb1", "1.4", false},
		{"!=1.4.*", "1.5", true},
		{"~=1.4.2", "1.4.9", true},
		{"~=1.4.2", "1.5", false},
		{"~=1.4", "1.9", true},
		{"<2", "2.0rc1", false},
		{"<2", "1.9rc1", true},
		{">1.7", "1.7.post1", false},
		{">1.7", "1.7.1", true},
		{">=1.0", "2.0a1", true},
		{"===odd", "ODD", true},
	} {
		s, err := ParseSpecifiers(tc.spec)
		if err != nil {
			t.Errorf("%s: %v", tc.spec, err)
		}
		if got := s.Contains(tc.version); got != tc.want {
			t.Errorf("%s satisfies %q: %v", tc.version, tc.spec, got)
		}
	}
}

func TestSpecifiersAreRefused(t *testing.T) {
	for _, spec := range []string{"1.0", "=1", ">=x", ">=1,"} {
		if _, err := ParseSpecifiers(spec); err == nil {
			t.Errorf("%q is taken", spec)
		}
	}
}

func TestSpecifiersAreWrittenInOrder(t *testing.T) {
	s, err := ParseSpecifiers("> 1.11.1, <1.11.3")
	if got := s.String(); err != nil || got != "<1.11.3,>1.11.1" {
		t.Errorf("%q, %v", got, err)
	}
}
