package inventory

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"drover/playbook/value"
)

var record = flag.Bool("record", false, "record what ansible and ansible-inventory answer, instead of testing")

// TestOracle compares with what Ansible printed for the same files. Every
// archive holds an inventory, the file "commands", and the answers, each under
// "$ " and its command. A command is
//
//	list | export | graph | graph-vars | host NAME | hosts PATTERN, then the sources
func TestOracle(t *testing.T) {
	archives, err := filepath.Glob("testdata/oracle/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(t.TempDir())
			unpack(t, archive)
			if *record {
				recordAnswers(t, path, archive)
				return
			}
			for _, f := range archive.Files {
				if command, ok := strings.CutPrefix(f.Name, "$ "); ok {
					t.Run(command, func(t *testing.T) {
						if got := answer(t, command); got != string(f.Data) {
							t.Errorf("got:\n%s\nwant:\n%s", got, f.Data)
						}
					})
				}
			}
		})
	}
}

// unpack writes an archive's files; those that start with "#!" can be run.
func unpack(t *testing.T, archive *txtar.Archive) {
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "$ ") {
			continue
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(string(f.Data), "#!") {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, mode); err != nil {
			t.Fatal(err)
		}
	}
}

// answer runs a command with this package.
func answer(t *testing.T, command string) string {
	verb, rest, _ := strings.Cut(command, " ")
	arg := ""
	if verb == "host" || verb == "hosts" {
		arg, rest, _ = strings.Cut(rest, " ")
	}
	inv, err := Load(strings.Fields(rest), Options{})
	if err != nil {
		t.Fatal(err)
	}
	view := &View{Inventory: inv, Export: verb == "export", Read: func(path string) (*value.Dict, error) { return ReadVarsFile(path, nil) }}
	var out string
	switch verb {
	case "list", "export":
		out, err = listWithoutProfile(view)
	case "graph", "graph-vars":
		out, err = view.Graph("all", verb == "graph-vars")
	case "host":
		var d *value.Dict
		if d, err = view.Host(arg); err == nil {
			out, err = JSON(d)
		}
	case "hosts":
		var hosts []*Host
		hosts, err = inv.Match(arg)
		out = strings.Join(names(hosts), "\n")
	default:
		t.Fatalf("unknown command %q", command)
	}
	if err != nil {
		return "ERROR\n"
	}
	return strings.TrimRight(out, "\n") + "\n"
}

// listWithoutProfile leaves out what the recorded version did not print yet.
func listWithoutProfile(view *View) (string, error) {
	tree, err := view.Tree()
	if err != nil {
		return "", err
	}
	tree.At("_meta").(*value.Dict).Delete(value.Str("profile"))
	return JSON(tree)
}

func names(hosts []*Host) []string {
	list := make([]string, len(hosts))
	for i, h := range hosts {
		list[i] = h.Name
	}
	return list
}

// recordAnswers asks the installed Ansible and rewrites the archive.
func recordAnswers(t *testing.T, path string, archive *txtar.Archive) {
	var files []txtar.File
	var commands string
	for _, f := range archive.Files {
		if f.Name == "commands" {
			commands = string(f.Data)
		}
		if !strings.HasPrefix(f.Name, "$ ") {
			files = append(files, f)
		}
	}
	for command := range strings.Lines(commands) {
		command = strings.TrimSpace(command)
		files = append(files, txtar.File{Name: "$ " + command, Data: []byte(askAnsible(t, command))})
	}
	archive.Files = files
	if err := os.WriteFile(filepath.Join(os.Getenv("ORACLE_DIR"), filepath.Base(path)), txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func askAnsible(t *testing.T, command string) string {
	words := strings.Fields(command)
	var args []string
	name := "ansible-inventory"
	switch words[0] {
	case "list":
		args, words = []string{"--list"}, words[1:]
	case "export":
		args, words = []string{"--list", "--export"}, words[1:]
	case "graph":
		args, words = []string{"--graph"}, words[1:]
	case "graph-vars":
		args, words = []string{"--graph", "--vars"}, words[1:]
	case "host":
		args, words = []string{"--host", words[1]}, words[2:]
	case "hosts":
		name, args, words = "ansible", []string{words[1], "--list-hosts"}, words[2:]
	}
	for _, src := range words {
		args = append(args, "-i", src)
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Logf("%s: %v", command, err)
		return "ERROR\n"
	}
	if name == "ansible-inventory" {
		return strings.TrimRight(string(out), "\n") + "\n"
	}
	var hosts []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "hosts (") {
			hosts = append(hosts, line)
		}
	}
	return strings.Join(hosts, "\n") + "\n"
}
