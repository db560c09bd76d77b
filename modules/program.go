package modules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"drover/modules/target"
	"drover/playbook/value"
)

// ProgramModule is the name under which the runner runs a module of the user's
// own. No playbook can call it: a name with one dot is none of a module.
const ProgramModule = "drover.program"

// ProgramBlob is the name of the contents that hold the program.
const ProgramBlob = "program"

// ProgramArgsMark is what the arguments as JSON replace in programs that want
// them there.
const ProgramArgsMark = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"

type programArgs struct {
	Name        string      `arg:"name" required:"true" doc:"Name of the program's file."`
	Kind        string      `arg:"kind" required:"true" choices:"old,json,binary,jsonargs" doc:"How it wants its arguments: a file of key=value, a file of JSON, the same for a program without interpreter, JSON instead of a mark in its text."`
	Interpreter []string    `arg:"interpreter" doc:"Program that runs it and that one's arguments; auto is the host's Python."`
	Params      *value.Dict `arg:"params" doc:"The arguments."`
	TempDir     string      `arg:"temp_dir" type:"path" doc:"Folder for its files, instead of ~/.ansible/tmp."`
}

// programModule runs a program that the controller sends, as Ansible runs
// modules that do not use its Python library: the arguments are in a file, and
// the result is the JSON object that it prints.
func programModule() Module {
	return WithNeeds(Define(Spec{
		Name:    ProgramModule,
		Summary: "Run a module of the user's own",
		Doc:     "Runs a program of the controller as a module.",
		Check:   CheckPart, // the program is told of check mode
	}, runProgram), func(context.Context, target.Host, *Call, *programArgs) []string { return []string{ProgramBlob} })
}

func runProgram(ctx context.Context, h target.Host, c *Call, a *programArgs) (*Result, error) {
	data, err := readBlob(ctx, c.Blobs, ProgramBlob)
	if err != nil {
		return nil, err
	}
	p := &program{host: h, args: a, data: data}
	if p.interpreter, err = a.interpreter(ctx, h); err != nil {
		return nil, err
	}
	for _, dir := range a.folders(h) {
		var out *target.Output
		if out, err = p.run(ctx, dir); err == nil {
			return p.result(out)
		}
		if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, errNoFolder) || ctx.Err() != nil {
			break
		}
	}
	return p.notStarted(err)
}

func readBlob(ctx context.Context, blobs Blobs, name string) ([]byte, error) {
	if blobs == nil {
		return nil, Failf("the controller gave no %s", name)
	}
	r, err := blobs.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// pythons are the interpreters that a host's Python may be, the best first.
var pythons = []string{"python3.13", "python3.12", "python3.11", "python3.10", "python3.9", "python3.8", "/usr/bin/python3", "python3"}

// interpreter gives the words that run the program, none when it runs by itself.
func (a *programArgs) interpreter(ctx context.Context, h target.Host) ([]string, error) {
	if len(a.Interpreter) == 0 || a.Interpreter[0] != "auto" {
		words := make([]string, len(a.Interpreter))
		for i, w := range a.Interpreter {
			words[i] = expandPath(h, w)
		}
		return words, nil
	}
	for _, name := range pythons {
		if path, err := h.LookPath(name); err == nil && works(ctx, h, path) {
			return append([]string{path}, a.Interpreter[1:]...), nil
		}
	}
	return nil, Failf("the module %s is written in Python, and this host has none (looked for %s); install it, or set ansible_python_interpreter",
		a.Name, strings.Join(pythons, ", "))
}

// works reports whether an interpreter does anything: version managers put
// programs in front that only say that there is none.
func works(ctx context.Context, h target.Host, path string) bool {
	if filepath.Dir(path) == "/usr/bin" {
		return true
	}
	out, err := h.Run(ctx, target.Cmd{Argv: []string{path, "-c", ""}})
	return err == nil && out.RC == 0
}

// folders are where the program's files may be put. That programs can be
// started there shows when one is.
func (a *programArgs) folders(h target.Host) []string {
	first := a.TempDir
	if first == "" {
		first = expandPath(h, "~/.ansible/tmp")
	}
	return []string{first, "/var/tmp", "/tmp"}
}

var errNoFolder = errors.New("no folder for the module's files")

// program is one run of a program.
type program struct {
	host        target.Host
	args        *programArgs
	data        []byte
	interpreter []string
}

// run puts the files into a folder of their own below parent, runs the program
// and removes them.
func (p *program) run(ctx context.Context, parent string) (*target.Output, error) {
	if err := p.host.MkdirAll(parent, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFolder, err)
	}
	dir, err := p.host.MkdirTemp(parent, "drover-module-")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFolder, err)
	}
	// Also after a cancelled task nothing is left behind.
	defer func() { _ = p.host.RemoveAll(dir) }()
	argv, err := p.place(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFolder, err)
	}
	out, err := p.host.Run(ctx, target.Cmd{Argv: argv, KeepLocale: true})
	for tries := 0; errors.Is(err, syscall.ETXTBSY) && tries < 3; tries++ {
		// A program that is started elsewhere at this moment holds our file
		// open for writing until its own start is done.
		out, err = p.host.Run(ctx, target.Cmd{Argv: argv, KeepLocale: true})
	}
	return out, err
}

// place writes the files and gives the command.
func (p *program) place(dir string) (argv []string, err error) {
	params := value.NewDict(0)
	if p.args.Params != nil {
		params = p.args.Params.Clone()
	}
	params.Put("_ansible_tmpdir", value.Str(dir+"/"))
	json := []byte(value.JSON(params))
	data, arguments := p.data, json
	switch p.args.Kind {
	case "jsonargs":
		data, arguments = bytes.ReplaceAll(data, []byte(ProgramArgsMark), json), nil
	case "old":
		arguments = keyValues(params)
	}
	path, file := filepath.Join(dir, filepath.Base(p.args.Name)), filepath.Join(dir, "args")
	if path == file {
		path += ".module"
	}
	if err := create(p.host, path, data, 0o700); err != nil {
		return nil, err
	}
	argv = append(append(argv, p.interpreter...), path)
	if arguments == nil {
		return argv, nil
	}
	return append(argv, file), create(p.host, file, arguments, 0o600)
}

func create(h target.Host, path string, data []byte, mode fs.FileMode) error {
	f, err := h.Create(path, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.Commit()
}

// keyValues writes arguments as words key=value that a shell can read.
func keyValues(d *value.Dict) []byte {
	var b bytes.Buffer
	for _, e := range d.Entries() {
		fmt.Fprintf(&b, "%s=%s ", value.String(e.Key), shellWord(value.String(e.Val)))
	}
	return b.Bytes()
}

// shellWord quotes s for a POSIX shell where it needs that.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || strings.ContainsRune("@%_-+=:,./", r)
	}
	if s != "" && strings.TrimLeftFunc(s, plain) == "" {
		return s
	}
	return shellQuote(s)
}

// notStarted explains why the program could not be run.
func (p *program) notStarted(err error) (*Result, error) {
	interpreted := len(p.interpreter) > 0
	switch {
	case errors.Is(err, errNoFolder):
		return nil, Failf("there is no folder where the module's files can be put: %w; name one in ansible_remote_tmp", err)
	case interpreted && (errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "not found")):
		name := strings.Join(p.interpreter, " ")
		return p.broken(&target.Output{RC: 127, Stderr: []byte(p.interpreter[0] + ": not found\n")},
			"The module interpreter '"+name+"' was not found. Consider overriding the configured interpreter path for this host."), nil
	case errors.Is(err, syscall.ENOEXEC):
		return p.broken(&target.Output{RC: 126, Stderr: []byte(err.Error() + "\n")},
			"The module "+p.args.Name+" is no program for this host's system and processor: "+err.Error()), nil
	}
	return nil, err
}
