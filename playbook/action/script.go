package action

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"drover/modules"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport"
)

type scriptArgs struct {
	Cmd        string `arg:"cmd" alias:"_raw_params" doc:"The script's path on the controller, then its arguments."`
	Creates    string `arg:"creates" doc:"When this is on the host, the script is not run."`
	Removes    string `arg:"removes" doc:"When this is not on the host, the script is not run."`
	Chdir      string `arg:"chdir" doc:"Folder on the host to run it in (absolute)."`
	Executable string `arg:"executable" doc:"Program to run the script with."`
	Decrypt    bool   `arg:"decrypt" default:"true" doc:"Decrypt a vaulted script."`
}

// scriptSpec documents the arguments.
var scriptSpec = sync.OnceValue(func() *modules.Spec {
	return modules.SpecOf[scriptArgs](modules.Spec{
		Name:          "ansible.builtin.script",
		Summary:       "Run a script of the controller on hosts",
		Doc:           "Sends a script to the host, runs it there and removes it. It needs no runner on the host, only SSH. In check mode it is skipped, unless creates or removes say whether it would run.",
		FreeForm:      "cmd",
		RequiredOneOf: [][]string{{"cmd"}},
		Check:         modules.CheckPart,
		Examples:      "- ansible.builtin.script: prepare.sh --fast\n  args:\n    creates: /var/lib/prepared\n",
		Returns:       rawSpec().Returns,
	})
})

// script sends a script and runs it.
func script(ctx context.Context, t Task) (*value.Dict, error) {
	a, err := decode[scriptArgs](t, scriptSpec())
	if err != nil {
		return nil, err
	}
	if a.Chdir != "" && !filepath.IsAbs(a.Chdir) {
		return nil, modules.Failf("chdir %s must be an absolute path for a Unix-aware remote node", a.Chdir)
	}
	s := &scripting{t: t, a: a}
	if s.conn, s.target, err = t.Conn(ctx); err != nil {
		return nil, err
	}
	if why, err := s.needless(ctx); err != nil || why != "" {
		return value.DictOf("changed", false, "skipped", true, "msg", why), err
	}
	data, args, err := s.read()
	if err != nil {
		return nil, err
	}
	if t.Check() {
		if a.Creates == "" && a.Removes == "" {
			return value.DictOf("changed", false, "skipped", true, "msg", "Check mode is not supported for this task."), nil
		}
		return value.DictOf("changed", true), nil
	}
	return s.run(ctx, data, args)
}

// scripting is one run of a script.
type scripting struct {
	t      Task
	a      *scriptArgs
	conn   transport.Conn
	target *transport.Target
	name   string
}

// needless says why creates or removes make the script needless.
func (s *scripting) needless(ctx context.Context) (string, error) {
	exists := func(path string) (bool, error) {
		out, err := s.shell(ctx, s.target, "test -e "+transport.Quote(path), nil)
		return err == nil && out.rc == 0, err
	}
	if s.a.Creates != "" {
		if ok, err := exists(s.a.Creates); err != nil || ok {
			return s.a.Creates + " exists, matching creates option", err
		}
	}
	if s.a.Removes != "" {
		if ok, err := exists(s.a.Removes); err != nil || !ok {
			return s.a.Removes + " does not exist, matching removes option", err
		}
	}
	return "", nil
}

// shell runs a line of POSIX shell as t's user, whatever the login shell is.
func (s *scripting) shell(ctx context.Context, t *transport.Target, line string, env map[string]string) (*spoken, error) {
	return execute(ctx, s.conn, t, "/bin/sh -c "+transport.Quote(line), env)
}

// read gives the script's contents and the arguments as they were written.
func (s *scripting) read() (data []byte, args string, err error) {
	line := strings.TrimSpace(s.a.Cmd)
	words, err := modules.SplitWords(line)
	if err != nil || len(words) == 0 {
		return nil, "", source.Errorf(s.t.Pos(), "can't tell the script's name from %q", s.a.Cmd)
	}
	path, err := s.t.Find("files", words[0])
	if err != nil {
		return nil, "", err
	}
	s.name = filepath.Base(path)
	if s.a.Decrypt {
		data, _, err = s.t.ReadFile(path)
	} else {
		data, err = os.ReadFile(path)
	}
	// The rest keeps its quotes: the shell on the host reads them.
	_, args, _ = strings.Cut(strings.TrimLeft(line, `"'`), strings.TrimLeft(words[0], `"'`))
	return data, strings.TrimLeft(args, `"'`), err
}

// folder makes a folder for the script. Others may enter it, for become; only
// its owner can list it.
func (s *scripting) folder(ctx context.Context, login *transport.Target) (string, error) {
	made, err := s.shell(ctx, login, `umask 066; d=$(mktemp -d "${TMPDIR:-/tmp}/drover-script-XXXXXXXXXX") && chmod 711 "$d" && printf '\n%s\n' "$d"`, nil)
	if err != nil {
		return "", err
	}
	// What the login shell's start files print comes before.
	lines := strings.Split(strings.TrimSpace(made.stdout), "\n")
	dir := strings.TrimSpace(lines[len(lines)-1])
	if made.rc != 0 || !strings.HasPrefix(dir, "/") {
		return "", modules.Failf("could not make a folder for the script on %s: %s", s.t.Host(), strings.TrimSpace(made.stderr))
	}
	return dir, nil
}

// run sends the script into a folder of its own, runs it and removes it.
func (s *scripting) run(ctx context.Context, data []byte, args string) (*value.Dict, error) {
	login := *s.target
	login.Become = nil
	dir, err := s.folder(ctx, &login)
	if err != nil {
		return nil, err
	}
	defer func() {
		// Also after a cancelled task nothing is left behind.
		_, _ = s.shell(context.WithoutCancel(ctx), &login, "rm -rf "+transport.Quote(dir), nil)
	}()
	path := dir + "/" + s.name
	if err := s.conn.Put(ctx, bytes.NewReader(data), path, 0o755); err != nil {
		return nil, err
	}
	line := transport.Quote(path) + args
	if s.a.Executable != "" {
		line = s.a.Executable + " " + line
	}
	if s.a.Chdir != "" {
		line = "cd " + transport.Quote(s.a.Chdir) + " && " + line
	}
	out, err := s.shell(ctx, s.target, line, s.t.Env())
	if err != nil {
		return nil, err
	}
	return out.result(), nil
}
