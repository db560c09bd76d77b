package facts

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"drover/modules/target"
	"drover/playbook/value"
)

// local tells what the administrator put into facts.d: executables that print,
// and files that hold, JSON or INI. A broken one is a warning, and its fact is
// the message.
func local(ctx context.Context, m *machine) *value.Dict {
	found := value.NewDict(4)
	if m.factPath != "" {
		for _, name := range m.names(m.factPath) {
			if strings.HasSuffix(name, ".fact") && !strings.HasPrefix(name, ".") {
				base := strings.ReplaceAll(name, ".fact", "")
				found.Put(base, m.localFact(ctx, path.Join(m.factPath, name)))
			}
		}
	}
	return value.DictOf("local", found)
}

func (m *machine) localFact(ctx context.Context, file string) value.Value {
	text, err := m.factText(ctx, file)
	if err != nil {
		return m.brokenFact(err.Error())
	}
	if !utf8.ValidString(text) {
		return m.brokenFact(fmt.Sprintf("error loading fact - output of running %q was not utf-8", file))
	}
	if v, err := value.ParseJSON([]byte(text)); err == nil {
		return v
	}
	sections, err := parseINI(text)
	var option *badOption
	if errors.As(err, &option) {
		return m.brokenFact(fmt.Sprintf("error loading facts as ini - please check content: %s (%v)", file, err))
	}
	if err != nil {
		return m.brokenFact(fmt.Sprintf("error loading facts as JSON or ini - please check content: %s (%v)", file, err))
	}
	return sections
}

func (m *machine) brokenFact(msg string) value.Value {
	m.warn(msg)
	return value.Str(msg)
}

// factText runs an executable fact or reads one that is not.
func (m *machine) factText(ctx context.Context, file string) (string, error) {
	info, err := m.host.Stat(file)
	if err != nil {
		//lint:ignore ST1005 Ansible words it like this
		return "", fmt.Errorf("Could not stat fact (%s): %w", file, err)
	}
	if info.Perm()&0o100 == 0 {
		return m.textOr(file, ""), nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	out, err := m.host.Run(ctx, target.Cmd{Argv: []string{file}})
	if err != nil {
		//lint:ignore ST1005 Ansible words it like this
		return "", fmt.Errorf("Could not execute fact script (%s): %w", file, err)
	}
	if out.RC != 0 {
		//lint:ignore ST1005 Ansible words it like this
		return "", fmt.Errorf("Failure executing fact script (%s), rc: %d, err: %s", file, out.RC, out.Stderr)
	}
	return string(out.Stdout), nil
}
