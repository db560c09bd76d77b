package modules

import (
	"compress/gzip"
	"context"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"drover/modules/target"
)

// mysqlDumpArgs are mysql_db's arguments about files of SQL.
type mysqlDumpArgs struct {
	Target            string   `arg:"target" type:"path" doc:"The file on the host: SQL, or SQL packed by gzip (.gz), bzip2 (.bz2) or xz (.xz)."`
	SingleTransaction bool     `arg:"single_transaction" default:"false" doc:"Dump in one transaction."`
	Quick             bool     `arg:"quick" default:"true" doc:"Dump row by row instead of holding a table in memory."`
	IgnoreTables      []string `arg:"ignore_tables" doc:"Tables left out of a dump, as database.table."`
	HexBlob           bool     `arg:"hex_blob" default:"false" doc:"Dump binary columns in hexadecimal."`
	Force             bool     `arg:"force" default:"false" doc:"Go on after an SQL error."`
	MasterData        int      `arg:"master_data" default:"0" choices:"0,1,2" doc:"Dump the place in the binary log: 1 as a statement, 2 as a comment."`
	SkipLockTables    bool     `arg:"skip_lock_tables" default:"false" doc:"Dump without locking tables."`
	DumpExtraArgs     string   `arg:"dump_extra_args" doc:"Further arguments for the dump program."`
	Chdir             string   `arg:"chdir" type:"path" doc:"Folder that target is relative to."`
	RestrictConfig    bool     `arg:"restrict_config_file" default:"false" doc:"Read config_file alone; it is so in any case."`
	UseShell          bool     `arg:"use_shell" default:"false" doc:"Taken for compatibility."`
	Pipefail          bool     `arg:"pipefail" default:"false" doc:"Taken for compatibility: a failure of the dump program always counts."`
	UnsafePassword    bool     `arg:"unsafe_login_password" default:"false" doc:"Taken for compatibility: no shell sees the password."`
	ConfigOverrides   bool     `arg:"config_overrides_defaults" default:"false" doc:"Taken for compatibility."`
}

// path gives the file's place.
func (a *mysqlDumpArgs) path() string {
	if a.Chdir != "" && !filepath.IsAbs(a.Target) {
		return filepath.Join(a.Chdir, a.Target)
	}
	return a.Target
}

func (a *mysqlDBArgs) dump(ctx context.Context, s *mysqlServer, c *Call, res *Result, names, missing []string) error {
	all := len(names) == 1 && names[0] == "all"
	if len(missing) > 0 && !all {
		return Failf("Cannot dump database(s) '%s' - not found", strings.Join(missing, ", "))
	}
	res.Changed = true
	if c.Check {
		return nil
	}
	argv, err := a.dumpCommand(s, names, all)
	if err != nil {
		return err
	}
	res.Set("executed_commands", []string{strings.Join(argv, " ")})
	w := writing{Path: a.path()}
	return w.write(ctx, s.h, func(to io.Writer) error {
		return packed(ctx, s.h, a.Target, to, func(to io.Writer) error {
			out, err := runToolWith(ctx, s.h, target.Cmd{Argv: argv, Env: s.env, Dir: a.Chdir, Stdout: to})
			if err != nil {
				return err
			}
			return out.failure(argv)
		})
	})
}

func (a *mysqlDBArgs) dumpCommand(s *mysqlServer, names []string, all bool) ([]string, error) {
	program, err := mysqlProgram(s.h, "mysqldump", "mariadb-dump")
	if err != nil {
		return nil, err
	}
	argv := append([]string{program}, withoutOption(s.argv[1:], "--connect-timeout=")...)
	for _, o := range []struct {
		on     bool
		option string
	}{
		{a.Force, "--force"}, {a.Quick, "--quick"}, {!a.Quick, "--skip-quick"}, {a.SingleTransaction, "--single-transaction=true"},
		{a.HexBlob, "--hex-blob"}, {a.SkipLockTables, "--skip-lock-tables"}, {a.Encoding != "", "--default-character-set=" + a.Encoding},
		{a.MasterData > 0, "--master-data=" + strconv.Itoa(a.MasterData)},
	} {
		if o.on {
			argv = append(argv, o.option)
		}
	}
	for _, table := range a.IgnoreTables {
		argv = append(argv, "--ignore-table="+table)
	}
	extra, err := SplitWords(a.DumpExtraArgs)
	if err != nil {
		return nil, Failf("dump_extra_args: %w", err)
	}
	argv = append(argv, extra...)
	switch {
	case all:
		return append(argv, "--all-databases"), nil
	case len(names) > 1:
		argv = append(argv, "--databases")
	}
	return append(append(argv, "--"), names...), nil
}

// withoutOption drops an option that only the client knows.
func withoutOption(argv []string, prefix string) []string {
	var kept []string
	for _, arg := range argv {
		if !strings.HasPrefix(arg, prefix) {
			kept = append(kept, arg)
		}
	}
	return kept
}

// load runs a file of SQL, after making the database.
func (a *mysqlDBArgs) load(ctx context.Context, s *mysqlServer, c *Call, res *Result, names, missing []string) error {
	all := len(names) == 1 && names[0] == "all"
	if _, err := s.h.Stat(a.path()); err != nil && !c.Check {
		return Failf("target %s does not exist on the host", a.Target)
	}
	res.Changed = true
	if c.Check {
		return nil
	}
	argv := append([]string(nil), s.argv...)
	if a.Force {
		argv = append(argv, "--force")
	}
	if a.Encoding != "" {
		argv = append(argv, "--default-character-set="+a.Encoding)
	}
	if !all {
		if err := applyMySQL(ctx, s, c, res, each(missing, a.create)); err != nil {
			return err
		}
		argv = append(argv, "--one-database", names[0])
	}
	return unpacked(ctx, s.h, a.Target, a.path(), func(from io.Reader) error {
		out, err := runToolWith(ctx, s.h, target.Cmd{Argv: argv, Env: s.env, Dir: a.Chdir, Stdin: from})
		if err != nil {
			return err
		}
		return out.failure(argv)
	})
}

// packer gives the program that packs files with this ending; gzip needs none.
func packer(name string) string {
	return map[string]string{".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}[filepath.Ext(name)]
}

// packed lets fill write to w, packed as the file's name says.
func packed(ctx context.Context, h target.Host, name string, w io.Writer, fill func(io.Writer) error) error {
	program := packer(name)
	switch {
	case filepath.Ext(name) == ".gz":
		z := gzip.NewWriter(w)
		if err := fill(z); err != nil {
			return err
		}
		return z.Close()
	case program == "":
		return fill(w)
	}
	if _, err := requireTool(h, program); err != nil {
		return err
	}
	r, feed := io.Pipe()
	filled := make(chan error, 1)
	go func() {
		err := fill(feed)
		feed.CloseWithError(err)
		filled <- err
	}()
	argv := []string{program, "-c"}
	out, err := runToolWith(ctx, h, target.Cmd{Argv: argv, Stdin: r, Stdout: w})
	r.Close()
	if failed := <-filled; failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	return out.failure(argv)
}

// unpacked lets use read the file, unpacked as its name says.
func unpacked(ctx context.Context, h target.Host, name, path string, use func(io.Reader) error) error {
	f, err := h.Open(path)
	if err != nil {
		return Failf("can't read %s: %w", path, reason(err))
	}
	defer f.Close()
	program := packer(name)
	switch {
	case filepath.Ext(name) == ".gz":
		z, err := gzip.NewReader(f)
		if err != nil {
			return Failf("can't read %s: %w", path, err)
		}
		return use(z)
	case program == "":
		return use(f)
	}
	if _, err := requireTool(h, program); err != nil {
		return err
	}
	r, feed := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		argv := []string{program, "-dc"}
		out, err := runToolWith(ctx, h, target.Cmd{Argv: argv, Stdin: f, Stdout: feed})
		if err == nil {
			err = out.failure(argv)
		}
		feed.CloseWithError(err)
		ended <- err
	}()
	if err := use(r); err != nil {
		r.Close()
		<-ended
		return err
	}
	return <-ended
}
