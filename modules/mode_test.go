package modules

import (
	"slices"
	"testing"

	"drover/playbook/value"
)

func TestParseMode(t *testing.T) {
	for _, c := range []struct {
		mode any
		now  uint32
		dir  bool
		want uint32
	}{
		{"0644", 0, false, 0o644}, {"644", 0, false, 0o644}, {"0o2755", 0, false, 0o2755}, {420, 0, false, 0o644},
		{"u=rw,g=r,o=", 0o777, false, 0o640}, {"u+x", 0o644, false, 0o744}, {"a-w", 0o666, false, 0o444},
		{"+x", 0o644, false, 0o755}, {"+w", 0o444, false, 0o644}, {"g=u", 0o740, false, 0o770}, {"o=g-w", 0o660, false, 0o664},
		{"a+X", 0o644, false, 0o644}, {"a+X", 0o744, false, 0o755}, {"a+X", 0o600, true, 0o711},
		{"u+s,g+s,o+t", 0o755, false, 0o7755}, {"u-s", 0o4755, false, 0o755}, {"u=rwx", 0o4700, false, 0o700}, {"u+rw-x", 0o100, false, 0o600},
	} {
		got, err := ParseMode(value.FromGo(c.mode), c.now, c.dir, func() uint32 { return 0o022 })
		if err != nil || got != c.want {
			t.Errorf("%v on %04o gives %04o, %v, want %04o", c.mode, c.now, got, err, c.want)
		}
	}
	for _, bad := range []any{"z+x", "u+q", "rw", "99999", 0o77777, ""} {
		if got, err := ParseMode(value.FromGo(bad), 0, false, func() uint32 { return 0 }); err == nil {
			t.Errorf("%v was accepted as %o", bad, got)
		}
	}
}

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		`a b  c`:            {"a", "b", "c"},
		`'a b' "c \"d\" $"`: {"a b", `c "d" $`},
		`a\ b ''`:           {"a b", ""},
		"x\n\ty":            {"x", "y"},
		`--a="b c"d`:        {"--a=b cd"},
	} {
		if got, err := SplitWords(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s gives %q, %v", line, got, err)
		}
	}
	for _, bad := range []string{`'a`, `"a`, `a\`} {
		if got, err := SplitWords(bad); err == nil {
			t.Errorf("%s was accepted: %q", bad, got)
		}
	}
}

func TestAttributeLetters(t *testing.T) {
	for _, c := range [][3]string{{"e", "+i", "ei"}, {"ei", "-i", "e"}, {"ea", "=i", "ei"}, {"e", "i", "ei"}, {"ei", "+i", "ei"}} {
		if got := changeLetters(c[0], c[1]); got != c[2] {
			t.Errorf("%s with %s gives %s, want %s", c[0], c[1], got, c[2])
		}
	}
}
