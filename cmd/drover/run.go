package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"drover/playbook"
	"drover/playbook/engine"
	"drover/playbook/event"
	"drover/playbook/source"
)

func runCommand() *command {
	return &command{
		name: "run", ansible: "ansible-playbook", usage: "run playbooks",
		argsUsage: "PLAYBOOK...",
		help: "Runs the plays of each playbook on the hosts of the inventory, over SSH.\n\n" +
			"  drover run -i hosts.ini site.yml                run it\n" +
			"  drover run -i hosts.ini site.yml -C -D          say what would change\n" +
			"  drover run -i web1,web2, site.yml -u admin -bK  as admin, with sudo and its password\n" +
			"  drover run site.yml -l web -t config            some hosts, some tasks\n\n" +
			"The exit code is 0, 1 (error), 2 (a host failed), 4 (a host was unreachable, or a playbook\n" +
			"can't be read), 5 (options that do not go together) or 99 (interrupted).",
		flags: playbookFlags,
		run:   runPlaybooks,
	}
}

func runPlaybooks(c *cli.Context, verbosity int) (code int, err error) {
	paths := c.Args().Slice()
	if len(paths) == 0 {
		return 0, &usageError{msg: "no playbook was named", command: c.App.Name}
	}
	for _, p := range paths {
		if err := checkPlaybookPath(p); err != nil {
			return 0, err
		}
	}
	useHugePages()
	s, err := newSession(c, verbosity, displayOptions{printer: c.String("output"), junit: c.String("junit")})
	if err != nil {
		return 0, err
	}
	defer func() { err = s.end(err) }()
	loader := s.loader()
	books, err := loadBooks(loader, paths)
	if err != nil {
		return 0, err
	}
	if c.Bool("syntax-check") {
		for i, p := range paths {
			fmt.Printf("\nplaybook: %s\n", p)
			for _, fault := range books[i].Faults() {
				s.display.warn("this fails where it is reached: " + source.Format(fault))
			}
		}
		return exitOK, nil
	}
	if s.inv, err = s.loadInventory(); err != nil {
		return 0, err
	}
	return s.runBooks(loader, books)
}

func checkPlaybookPath(path string) error {
	st, err := os.Stat(path)
	switch {
	case os.IsNotExist(err) && strings.Count(path, ".") > 1 && !strings.Contains(path, "/"):
		return nil // perhaps a collection's
	case os.IsNotExist(err):
		return fmt.Errorf("the playbook: %s could not be found", path)
	case err != nil:
		return fmt.Errorf("the playbook: %w", err)
	case st.IsDir():
		return fmt.Errorf("the playbook: %s does not appear to be a file", path)
	}
	return nil
}

func loadBooks(loader *playbook.Loader, paths []string) ([]*playbook.Playbook, error) {
	var books []*playbook.Playbook
	for _, p := range paths {
		b, err := loader.Playbook(p)
		if err != nil {
			return nil, err
		}
		books = append(books, b)
	}
	return books, nil
}

// runBooks runs loaded playbooks, or lists what they hold.
func (s *session) runBooks(loader *playbook.Loader, books []*playbook.Playbook) (code int, err error) {
	ctx, done := s.interruptible(s.cli.Context)
	defer done()
	pool := s.pool()
	defer pool.Close()
	cfg, err := s.engineConfig(ctx, loader, pool)
	if err != nil {
		return 0, err
	}
	cfg.Tags, cfg.SkipTags = s.tags("tags", s.cfg.RunTags), s.tags("skip-tags", s.cfg.SkipTags)
	if s.cli.Bool("list-tags") && !s.cli.IsSet("tags") && !s.cli.IsSet("skip-tags") {
		cfg.Tags = []string{"never", "all"} // every tag that there is
	}
	cfg.StartAt, cfg.Step = s.cli.String("start-at-task"), s.cli.Bool("step")
	cfg.Force = s.cli.Bool("force-handlers") || s.cfg.ForceHandlers
	cfg.BookEnd = s.retryFile
	cfg.AllowMissingHandlers = !s.cfg.MissingHandlerIsError
	if s.cli.Bool("list-hosts") || s.cli.Bool("list-tasks") || s.cli.Bool("list-tags") {
		return s.listBooks(engine.New(cfg), books)
	}
	s.warnEmpty()
	return s.finish(ctx, engine.New(cfg), books)
}

// finish runs an engine to its end and gives the exit code.
func (s *session) finish(ctx context.Context, e *engine.Engine, books []*playbook.Playbook) (int, error) {
	if err := s.checkCallback(books); err != nil {
		return 0, err
	}
	out, err := e.Run(ctx, books)
	if err != nil {
		if ctx.Err() != nil {
			return exitInterrupted, nil
		}
		return 0, err
	}
	return outcomeCode(out), nil
}

// tags gives the values of a tag flag, split at commas, or the
// configuration's.
func (s *session) tags(flag string, fallback []string) []string {
	if !s.cli.IsSet(flag) {
		return fallback
	}
	var out []string
	for _, arg := range s.cli.StringSlice(flag) {
		for t := range strings.SplitSeq(arg, ",") {
			if t = strings.TrimSpace(t); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

func (s *session) warnEmpty() {
	if len(s.inv.Hosts()) == 0 {
		s.display.Event(event.Warning{Text: "provided hosts list is empty, only localhost is available. " +
			"Note that the implicit localhost does not match 'all'"})
	}
}

// retryFile keeps the names of the hosts that failed in a playbook, where the
// configuration asks for it.
func (s *session) retryFile(book *playbook.Playbook, failed []string) {
	if !s.cfg.RetryFiles {
		return
	}
	name := strings.TrimSuffix(filepath.Base(book.Path), filepath.Ext(book.Path)) + ".retry"
	dir := filepath.Dir(book.Path)
	if s.cfg.RetryFilesPath != "" {
		dir = s.cfg.RetryFilesPath
	}
	path := absolute(filepath.Join(dir, name))
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.Join(failed, "\n")+"\n"), 0o644)
	}
	if err != nil {
		s.display.warn("retry file: " + err.Error())
		return
	}
	s.display.Event(event.Message{Text: "\tto retry, use: --limit @" + path + "\n"})
}
