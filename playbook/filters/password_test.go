package filters

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"drover/playbook/jinja"
	"drover/playbook/value"
)

func TestHashSchemes(t *testing.T) {
	tests := []struct {
		scheme, salt string
		rounds       int
		want         string
	}{
		{"sha512", "abc", 5000, "$6$abc$IdWKNKTJEb8LxY7CGg8YBXlvtfZzFw7Mp/r6niK9YB2mdvgY..TKjv1T..8RadRt2qvUHYRLr/TsVArtr91iR1"},
		{"sha512", "abc", 1000, "$6$rounds=1000$abc$MqEcPZUYRGGcOeq7PhMpfjfu/F0HrVEI0OlZBijWvO8mSG77iNUDP5MqFceKpJTBc8iITVtNyLiNTRNCxv6oh0"},
		{"md5", "mysalt", 0, "$1$mysalt$n/EfEiV74OYgBdqhKQzSW/"},
	}
	for _, tt := range tests {
		got, err := hashSchemes[tt.scheme].encrypt("secret", tt.salt, 0, tt.rounds, "")
		if err != nil || got != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.scheme, got, err, tt.want)
		}
	}
}

func TestBcryptIsReadByOthers(t *testing.T) {
	got, err := hashSchemes["blowfish"].encrypt("secret", "abcdefghijklmnopqrstuu", 0, 4, "2b")
	if err != nil || !strings.HasPrefix(got, "$2b$04$abcdefghijklmnopqrstuu") {
		t.Fatal(got, err)
	}
	if err := bcrypt.CompareHashAndPassword([]byte(got), []byte("secret")); err != nil {
		t.Error(err)
	}
}

func TestPasswordFileIsMadeOnceAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "pw")
	first := runLookupForTest(t, "password", path, "length", "12")
	second := runLookupForTest(t, "password", path, "length", "12")
	if first != second || len(first) != 12 {
		t.Errorf("passwords %q and %q", first, second)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("file %v, %v", st.Mode(), err)
	}
	hashed := runLookupForTest(t, "password", path, "encrypt", "md5_crypt")
	again := runLookupForTest(t, "password", path, "encrypt", "md5_crypt")
	if hashed != again || !strings.HasPrefix(hashed, "$1$") {
		t.Errorf("hashes %q and %q", hashed, again)
	}
}

// runLookupForTest runs a lookup with one term and gives its only result.
func runLookupForTest(t *testing.T, name, term string, options ...string) string {
	t.Helper()
	lookup, ok := Lookup(name)
	if !ok {
		t.Fatalf("no lookup %s", name)
	}
	c := &jinja.Call{Ctx: jinja.NewContext(jinja.NewEnv(), nil), Args: []value.Value{value.Str(term)}}
	for i := 0; i < len(options); i += 2 {
		c.Kwargs = append(c.Kwargs, jinja.Kwarg{Name: options[i], Val: value.Str(options[i+1])})
	}
	out, err := lookup(c)
	if err != nil || len(out) != 1 {
		t.Fatalf("lookup %s: %v, %v", name, out, err)
	}
	return value.String(out[0])
}
