package modules

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"drover/modules/target"
)

// postgresMove is a dump or restore of a database.
type postgresMove struct {
	*postgresDBArgs
	h    target.Host
	argv []string // the command that was run
}

// format gives pg_dump's format for a file's name, "" for plain SQL.
func (m *postgresMove) format() string {
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(m.Target, ".gz"), ".bz2"), ".xz")
	return map[string]string{".tar": "t", ".pgc": "c", ".dir": "d"}[filepath.Ext(name)]
}

// command starts a command line: program, connection, and the task's options.
func (m *postgresMove) command(program string, more ...string) error {
	if _, err := requireTool(m.h, program); err != nil {
		return err
	}
	m.argv = append([]string{program, "--dbname=" + m.conninfo(m.h, m.Name)}, more...)
	for _, extra := range []string{m.TargetOpts, m.ExtraArgs} {
		words, err := SplitWords(extra)
		if err != nil {
			return Failf("%s: %w", extra, err)
		}
		m.argv = append(m.argv, words...)
	}
	return nil
}

func (m *postgresMove) run(ctx context.Context, in io.Reader, out io.Writer) error {
	cmd := target.Cmd{Argv: m.argv, Stdin: in, Stdout: out}
	if m.LoginPassword != "" {
		cmd.Env = []string{"PGPASSWORD=" + m.LoginPassword}
	}
	said, err := runToolWith(ctx, m.h, cmd)
	if err != nil {
		return err
	}
	return said.failure(m.argv)
}

func (m *postgresMove) dump(ctx context.Context) error {
	var options []string
	if f := m.format(); f != "" {
		options = append(options, "--format="+f)
	}
	if m.format() == "d" {
		options = append(options, "--file="+m.Target)
	}
	if err := m.command("pg_dump", options...); err != nil {
		return err
	}
	if m.format() == "d" {
		return m.run(ctx, nil, nil)
	}
	w := writing{Path: m.Target}
	return w.write(ctx, m.h, func(to io.Writer) error {
		return packed(ctx, m.h, m.Target, to, func(to io.Writer) error { return m.run(ctx, nil, to) })
	})
}

func (m *postgresMove) restore(ctx context.Context) error {
	if _, err := m.h.Stat(m.Target); err != nil {
		return Failf("can't read %s: %w", m.Target, reason(err))
	}
	program, options := "psql", []string{"--no-psqlrc", "--quiet"}
	if f := m.format(); f != "" {
		program, options = "pg_restore", []string{"--format=" + f}
	}
	if m.format() == "d" {
		options = append(options, m.Target)
	}
	if err := m.command(program, options...); err != nil {
		return err
	}
	if m.format() == "d" {
		return m.run(ctx, nil, nil)
	}
	return unpacked(ctx, m.h, m.Target, m.Target, func(from io.Reader) error { return m.run(ctx, from, nil) })
}
