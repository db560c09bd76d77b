package facts

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"drover/modules/target"
)

// fixture makes a machine of a txtar file: "/path" is a file, "/path -> to" a
// symbolic link, and "$ argv" what a command prints.
func fixture(t *testing.T, name string) *target.Fake {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	h := target.NewFake()
	commands := map[string]string{}
	for _, f := range archive.Files {
		path, link, isLink := strings.Cut(f.Name, " -> ")
		argv, isCommand := strings.CutPrefix(f.Name, "$ ")
		switch {
		case isCommand:
			commands[argv] = string(f.Data)
			program, _, _ := strings.Cut(argv, " ")
			h.Programs[program] = program
		case isLink:
			if err := h.MkdirAll(path[:strings.LastIndex(path, "/")], 0o755); err != nil {
				t.Fatal(err)
			}
			if err := h.Symlink(link, path); err != nil {
				t.Fatal(err)
			}
		default:
			h.Write(path, string(f.Data))
		}
	}
	h.Exec = func(c target.Cmd) (*target.Output, error) {
		if out, ok := commands[strings.Join(c.Argv, " ")]; ok {
			return &target.Output{Stdout: []byte(out)}, nil
		}
		return nil, &fs.PathError{Op: "exec", Path: c.Argv[0], Err: fs.ErrNotExist}
	}
	return h
}
