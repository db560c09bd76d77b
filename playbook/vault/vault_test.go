package vault

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files in testdata were made by ansible-vault with the password "pw one".
const recorded = "hello: {{ x }}\nsecret\n"

func password(id, pw string) Secret { return Secret{ID: id, Password: []byte(pw)} }

func TestDecryptWhatAnsibleEncrypted(t *testing.T) {
	for _, tc := range []struct {
		file    string
		secrets Secrets
		err     string
	}{
		{file: "default-id.vault", secrets: Secrets{password("default", "pw one")}},
		{file: "default-id.vault", secrets: Secrets{password("a", "x"), password("b", "pw one")}},
		{file: "dev-id.vault", secrets: Secrets{password("prod", "x"), password("dev", "pw one")}},
		{file: "dev-id.vault", secrets: Secrets{password("prod", "x"), password("dev", "y")}, err: "vault id 'dev'; tried the passwords of 'dev', 'prod'"},
		{file: "default-id.vault", err: "--vault-password-file"},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", tc.file))
		if err != nil {
			t.Fatal(err)
		}
		got, err := tc.secrets.Decrypt(data)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: error %v, want %q in it", tc.file, err, tc.err)
			}
			continue
		}
		if err != nil || string(got) != recorded {
			t.Errorf("%s: got %q, %v", tc.file, got, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, id := range []string{"", "default", "prod"} {
		for _, text := range []string{"", "x", strings.Repeat("0123456789abcdef", 40)} {
			s := password(id, "geheim")
			sealed, err := Encrypt([]byte(text), s)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(sealed)) {
				if len(line) > lineLength+1 {
					t.Errorf("a line of %d characters", len(line))
				}
			}
			got, err := Secrets{s}.Decrypt(sealed)
			if err != nil || string(got) != text {
				t.Errorf("id %q: got %q, %v; want %q", id, got, err, text)
			}
		}
	}
}

func TestDamagedText(t *testing.T) {
	s := Secrets{password("default", "x")}
	for text, want := range map[string]string{
		"plain text":                         "does not start with",
		"$ANSIBLE_VAULT;1.1":                 "incomplete",
		"$ANSIBLE_VAULT;9.9;AES256\n00":      "9.9",
		"$ANSIBLE_VAULT;1.1;ROT13\n00":       "ROT13",
		"$ANSIBLE_VAULT;1.1;AES256\nzz":      "hexadecimal",
		"$ANSIBLE_VAULT;1.1;AES256\n61620a":  "cut off",
		"$ANSIBLE_VAULT;1.1;AES256\n0a0a":    "no vault password fits",
		"$ANSIBLE_VAULT;1.2;AES256;dev\n0a0": "hexadecimal",
	} {
		if _, err := s.Decrypt([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
	}
}

func TestReadPassword(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tc := range []struct{ path, want, err string }{
		{path: write("file", " pw one \n", 0o600), want: "pw one"},
		{path: write("script.sh", "#!/bin/sh\necho from script $#\n", 0o700), want: "from script 0"},
		{path: write("keyring-client.sh", "#!/bin/sh\necho $1 $2\n", 0o700), want: "--vault-id prod"},
		{path: write("none-client", "#!/bin/sh\nexit 2\n", 0o700), err: "knows no secret for the vault id 'prod'"},
		{path: write("fails.sh", "#!/bin/sh\nexit 1\n", 0o700), err: "failed"},
		{path: write("empty", "\n", 0o600), err: "is empty"},
		{path: dir, err: "is a directory"},
		{path: filepath.Join(dir, "missing"), err: "can't read"},
	} {
		got, err := ReadPassword(context.Background(), "prod", tc.path)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: error %v, want %q in it", tc.path, err, tc.err)
			}
			continue
		}
		if err != nil || string(got) != tc.want {
			t.Errorf("%s: got %q, %v; want %q", tc.path, got, err, tc.want)
		}
	}
}

func TestSplitID(t *testing.T) {
	for arg, want := range map[string][2]string{
		"dev@prompt":  {"dev", "prompt"},
		"pw.txt":      {"default", "pw.txt"},
		"@pw.txt":     {"default", "pw.txt"},
		"a@/x/b@c.sh": {"a", "/x/b@c.sh"},
	} {
		if id, source := SplitID(arg); id != want[0] || source != want[1] {
			t.Errorf("SplitID(%q) = %q, %q", arg, id, source)
		}
	}
}

func FuzzDecrypt(f *testing.F) {
	f.Add([]byte("$ANSIBLE_VAULT;1.1;AES256\n616263"))
	f.Add([]byte("$ANSIBLE_VAULT;1.2;AES256;dev\n0a0a"))
	s := Secrets{password("default", "x")}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := s.Decrypt(data); err == nil && len(data) < 64 {
			t.Errorf("decrypted %q", data)
		}
	})
}
