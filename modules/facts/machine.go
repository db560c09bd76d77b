package facts

import (
	"context"
	"path"
	"strings"
	"sync"
	"time"

	"drover/modules/target"
)

// defaultTimeout is how long a collector waits for a program or a file system.
const defaultTimeout = 10 * time.Second

// machine is the host as collectors read it, with what several of them need
// computed once.
type machine struct {
	host     target.Host
	timeout  time.Duration
	factPath string

	uname  func() uname
	distro func() distroFacts
	python func() hostPython

	mu       sync.Mutex
	warnings []string
}

func newMachine(host target.Host, o Options) *machine {
	m := &machine{host: host, timeout: o.Timeout, factPath: o.FactPath}
	if m.timeout <= 0 {
		m.timeout = defaultTimeout
	}
	m.uname = sync.OnceValue(m.readUname)
	m.distro = sync.OnceValue(m.readDistro)
	m.python = sync.OnceValue(m.findPython)
	return m
}

func (m *machine) warn(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.warnings = append(m.warnings, text)
}

func (m *machine) warned() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.warnings
}

// text gives a file's content without the white space around it; ok is false
// when there is none or it cannot be read.
func (m *machine) text(file string) (content string, ok bool) {
	data, err := m.host.ReadFile(file)
	content = strings.TrimSpace(string(data))
	return content, err == nil && content != ""
}

// textOr is text with a default.
func (m *machine) textOr(file, fallback string) string {
	if s, ok := m.text(file); ok {
		return s
	}
	return fallback
}

// lines gives a file's lines, none when it cannot be read.
func (m *machine) lines(file string) []string {
	s, ok := m.text(file)
	if !ok {
		return nil
	}
	return strings.Split(s, "\n")
}

func (m *machine) exists(file string) bool {
	_, err := m.host.Stat(file)
	return err == nil
}

// names lists a folder, none when it cannot be read.
func (m *machine) names(folder string) []string {
	entries, err := m.host.ReadDir(folder)
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// linkName gives the last part of what a symbolic link points to, or "".
func (m *machine) linkName(link string) string {
	to, err := m.host.Readlink(link)
	if err != nil {
		return ""
	}
	return path.Base(to)
}

// has reports whether a program is installed.
func (m *machine) has(program string) bool {
	_, err := m.host.LookPath(program)
	return err == nil
}

// command runs a program that may not be there and gives what it printed; ok
// is false when it is missing, failed or took too long.
func (m *machine) command(ctx context.Context, argv ...string) (stdout string, ok bool) {
	program, err := m.host.LookPath(argv[0])
	if err != nil {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	out, err := m.host.Run(ctx, target.Cmd{Argv: append([]string{program}, argv[1:]...)})
	if err != nil || out.RC != 0 {
		return "", false
	}
	return string(out.Stdout), true
}
