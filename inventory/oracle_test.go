package inventory

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"drover/playbook/jinja"
	"drover/playbook/value"
	"drover/playbook/yaml"
)

var record = flag.Bool("record", false, "record what ansible and ansible-inventory answer, instead of testing")

// enabled are the formats, as ansible.cfg would enable them.
var enabled = []string{"host_list", "script", "auto", "yaml", "ini", "toml", "constructed", "generator"}

// TestOracle compares with what Ansible printed for the same files. Every
// archive holds an inventory, the file "commands", and the answers, each under
// "$ " and its command. A command is
//
//	list | export | yaml | graph | graph-vars | host NAME | hosts PATTERN
//
// followed by the sources. YAML is compared by its meaning.
func TestOracle(t *testing.T) {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
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
				recordAnswers(t, filepath.Join(dir, path), archive)
				return
			}
			for _, f := range archive.Files {
				if command, ok := strings.CutPrefix(f.Name, "$ "); ok {
					t.Run(command, func(t *testing.T) {
						if strings.HasPrefix(command, "yaml ") {
							compareNested(t, command, f.Data)
						} else if got := answer(t, command); got != string(f.Data) {
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

// viewOf loads sources and views them.
func viewOf(t *testing.T, sources string) *View {
	inv, err := Load(strings.Fields(sources), Options{Env: jinja.NewEnv(), Enabled: enabled})
	if err != nil {
		t.Fatal(err)
	}
	return &View{Inventory: inv, Read: func(path string) (*value.Dict, error) { return ReadVarsFile(path, nil) }}
}

// compareNested compares the nested form with recorded YAML.
func compareNested(t *testing.T, command string, want []byte) {
	view := viewOf(t, strings.TrimPrefix(command, "yaml "))
	got, err := view.Nested()
	if err != nil {
		t.Fatal(err)
	}
	meant, err := yaml.Parse(want, "recorded")
	if err != nil {
		t.Fatal(err)
	}
	if !value.Equal(got, meant) {
		t.Errorf("got  %s\nwant %s", value.Repr(got), value.Repr(meant))
	}
}

// answer runs a command with this package.
func answer(t *testing.T, command string) string {
	verb, rest, _ := strings.Cut(command, " ")
	arg := ""
	if verb == "host" || verb == "hosts" {
		arg, rest, _ = strings.Cut(rest, " ")
	}
	view := viewOf(t, rest)
	view.Export = verb == "export"
	var out string
	var err error
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
		hosts, err = view.Inventory.Match(arg)
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
	t.Setenv("ANSIBLE_INVENTORY_ENABLED", strings.Join(enabled, ","))
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
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
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
	case "yaml":
		args, words = []string{"--list", "--yaml"}, words[1:]
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
