package modules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

// keyHost has a folder /k and an ssh-keygen whose private keys are a line: kind,
// size, number, passphrase or -, comment.
func keyHost() *target.Fake {
	f := target.NewFake()
	f.Programs["ssh-keygen"] = "/usr/bin/ssh-keygen"
	f.MkdirAll("/k", 0o755)
	made := 0
	f.Exec = func(c target.Cmd) (*target.Output, error) {
		if c.Argv[0] != "ssh-keygen" {
			return new(target.Output), nil
		}
		file := option(c.Argv, "-f")
		data, _ := f.ReadFile(file)
		var kind, passphrase, comment string
		var size, number int
		fmt.Sscanf(string(data), "%s %d %d %s %s", &kind, &size, &number, &passphrase, &comment)
		switch {
		case slices.Contains(c.Argv, "-t"):
			made++
			kind, comment = option(c.Argv, "-t"), option(c.Argv, "-C")
			f.Write(file, fmt.Sprintf("%s %s %d - %s\n", kind, option(c.Argv, "-b"), made, comment))
			f.Write(file+".pub", fmt.Sprintf("ssh-%s KEY%d %s\n", kind, made, comment))
		case kind == "":
			return &target.Output{RC: 255, Stderr: []byte(file + " is not a key file.\n")}, nil
		case slices.Contains(c.Argv, "-l"):
			return &target.Output{Stdout: fmt.Appendf(nil, "%d SHA256:f%d %s (%s)\n", size, number, comment, strings.ToUpper(kind))}, nil
		case slices.Contains(c.Argv, "-y"):
			return &target.Output{Stdout: fmt.Appendf(nil, "ssh-%s KEY%d %s\n", kind, number, comment)}, nil
		case slices.Contains(c.Argv, "-c"):
			f.Write(file, fmt.Sprintf("%s %d %d - %s\n", kind, size, number, option(c.Argv, "-C")))
		}
		return new(target.Output), nil
	}
	return f
}

// option gives what stands behind an option.
func option(argv []string, name string) string {
	if i := slices.Index(argv, name); i >= 0 && i+1 < len(argv) {
		return argv[i+1]
	}
	return ""
}

func TestKeypair(t *testing.T) {
	const private, public = "/k/id", "/k/id.pub"
	there := map[string]string{private: "ed25519 256 9 - old\n", public: "ssh-ed25519 KEY9 old\n"}
	for name, tc := range map[string]struct {
		files   map[string]string
		args    []any
		changed bool
		want    map[string]string // "" for a file that is not there
	}{
		"made":            {nil, []any{"type", "ed25519", "comment", "me"}, true, map[string]string{private: "ed25519 256 1 - me\n", public: "ssh-ed25519 KEY1 me\n"}},
		"usual size":      {nil, nil, true, map[string]string{private: "rsa 4096 1 - \n", public: "ssh-rsa KEY1 \n"}},
		"there":           {there, []any{"type", "ed25519"}, false, there},
		"other type":      {there, []any{"type", "rsa", "size", 2048}, true, map[string]string{private: "rsa 2048 1 - \n", public: "ssh-rsa KEY1 \n"}},
		"kept though":     {there, []any{"type", "rsa", "regenerate", "never"}, false, there},
		"always new":      {there, []any{"type", "ed25519", "force", true}, true, map[string]string{private: "ed25519 256 1 - \n", public: "ssh-ed25519 KEY1 \n"}},
		"other comment":   {there, []any{"type", "ed25519", "comment", "new"}, true, map[string]string{private: "ed25519 256 9 - new\n", public: "ssh-ed25519 KEY9 new\n"}},
		"public lost":     {map[string]string{private: there[private]}, []any{"type", "ed25519"}, true, there},
		"broken":          {map[string]string{private: "\n"}, []any{"type", "ed25519", "regenerate", "full_idempotence"}, true, map[string]string{private: "ed25519 256 1 - \n", public: "ssh-ed25519 KEY1 \n"}},
		"removed":         {there, []any{"state", "absent"}, true, map[string]string{private: "", public: ""}},
		"nothing to take": {nil, []any{"state", "absent"}, false, map[string]string{private: "", public: ""}},
	} {
		f := keyHost()
		for path, text := range tc.files {
			f.Write(path, text)
		}
		args := value.DictOf(append(tc.args, "path", private)...)
		before := f.Snapshot()
		predicted, err := keypairModule().Run(t.Context(), f, &Call{Args: args, Check: true, Diff: true})
		if err != nil || predicted.Changed != tc.changed || f.Snapshot() != before {
			t.Errorf("%s: check mode: %+v, %v\n%s", name, predicted, err, f.Snapshot())
		}
		res, err := keypairModule().Run(t.Context(), f, &Call{Args: args})
		if err != nil || res.Changed != tc.changed {
			t.Errorf("%s: %+v, %v", name, res, err)
			continue
		}
		for path, want := range tc.want {
			if got, _ := f.ReadFile(path); string(got) != want {
				t.Errorf("%s: %s is %q", name, path, got)
			}
		}
	}
}

func TestKeypairTellsOfTheKey(t *testing.T) {
	f := keyHost()
	res, err := keypairModule().Run(t.Context(), f, &Call{Args: value.DictOf("path", "/k/id", "type", "ed25519", "comment", "me", "mode", "0640"), Diff: true})
	if err != nil {
		t.Fatal(err)
	}
	got := value.Repr(res.Dict())
	for _, want := range []string{"'fingerprint': 'SHA256:f1'", "'public_key': 'ssh-ed25519 KEY1'", "'comment': 'me'", "'size': 256", "'type': 'ed25519'", "'filename': '/k/id'"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if info, _ := f.Stat("/k/id"); info.Perm() != 0o640 {
		t.Errorf("mode is %o", info.Perm())
	}
}

func TestKeypairRefuses(t *testing.T) {
	for want, args := range map[string][]any{
		"one of three elliptic": {"path", "/k/id", "type", "ecdsa", "size", 300},
		"exactly 1024 bits":     {"path", "/k/id", "type", "dsa", "size", 2048},
		"minimum size is 1024":  {"path", "/k/id", "size", 512},
		"does not exist":        {"path", "/none/id"},
		"is a directory":        {"path", "/k"},
		"wrong type and/or":     {"path", "/k/there", "regenerate", "fail"},
		"Unable to read":        {"path", "/k/broken", "regenerate", "partial_idempotence"},
	} {
		f := keyHost()
		f.Write("/k/there", "ed25519 256 9 - old\n")
		f.Write("/k/broken", "\n")
		_, err := keypairModule().Run(t.Context(), f, &Call{Args: value.DictOf(args...)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
