package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"drover/internal/config"
	"drover/inventory"
	"drover/inventory/pyliteral"
	"drover/playbook"
	"drover/playbook/action"
	"drover/playbook/engine"
	"drover/playbook/event"
	"drover/playbook/filters"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/playbook/vars"
	"drover/playbook/vault"
	"drover/transport"
	"drover/transport/remote"
)

// session is what every command that reads an inventory has: configuration,
// secrets, variables, templates, output.
type session struct {
	cli       *cli.Context
	cfg       *config.Config
	verbosity int
	display   *display
	term      *terminal
	secrets   vault.Secrets
	extra     *value.Dict
	env       *jinja.Env
	inv       *inventory.Inventory
	rejected  []string // modules that must not be used
	seals     *seals   // of a command that shows vaulted text; else nil
}

// newSession reads the configuration and everything else that does not touch
// a host.
func newSession(c *cli.Context, verbosity int, o displayOptions) (*session, error) {
	cfg, err := config.Load(config.Process())
	if err != nil {
		return nil, &settingError{err}
	}
	s := &session{cli: c, cfg: cfg, verbosity: max(verbosity, cfg.Verbosity)}
	if err := s.compat(); err != nil {
		return nil, err
	}
	o.verbosity = s.verbosity
	if s.display, err = newDisplay(cfg, o); err != nil {
		return nil, err
	}
	s.term = newTerminal(s.display.screen)
	for _, w := range cfg.Warnings {
		s.display.warn(w)
	}
	s.sayConfig()
	if s.rejected, err = s.rejectedModules(); err != nil {
		return nil, err
	}
	if s.secrets, err = vaultSecrets(c.Context, c, cfg, s.term, s.display.warn); err != nil {
		return nil, err
	}
	if s.extra, err = extraVars(c.StringSlice("extra-vars"), s.decrypter(), s.display.warn); err != nil {
		return nil, err
	}
	s.env = jinja.NewEnv()
	s.env.Lenient, s.env.Retype = s.cfg.Compat == "2.18", s.retype()
	s.env.AnyCondition, s.env.Extensions = s.cfg.AnyCondition, s.extensions()
	s.env.Warn = func(pos source.Pos, msg string) { s.display.Event(event.Warning{Pos: pos, Text: msg}) }
	filters.Register(s.env, filters.Options{})
	return s, nil
}

// end closes the display after a command that ended with err, and gives the
// error to report.
func (s *session) end(err error) error {
	if e := s.display.close(err); err == nil {
		err = e
	}
	if err != nil && s.cfg.Compat == "2.18" {
		return &olderError{err}
	}
	return err
}

func (s *session) sayConfig() {
	text := "No config file found; using defaults"
	if s.cfg.Path != "" {
		text = "Using " + s.cfg.Path + " as config file"
	}
	s.display.Event(event.Message{Verbosity: 1, Text: text})
}

// decrypter gives the vault as an interface that is nil without passwords, so
// that vaulted text is an error that says which flag to give.
func (s *session) decrypter() playbook.Vault {
	if s.seals != nil {
		return s.seals
	}
	if len(s.secrets) == 0 {
		return nil
	}
	return s.vault()
}

// opener decrypts and tells with which secret.
type opener interface {
	Decrypt(data []byte) ([]byte, error)
	Open(data []byte) ([]byte, vault.Secret, error)
}

// vault gives the secrets as the configuration wants them tried.
func (s *session) vault() opener {
	if s.cfg.VaultIDMatch {
		return vault.Exact{Secrets: s.secrets}
	}
	return s.secrets
}

// sources gives the inventories in force: -i, else the configuration's.
func (s *session) sources() []string {
	given := s.cli.StringSlice("inventory")
	if len(given) == 0 {
		given = s.cfg.Inventory
	}
	var out []string
	for _, src := range given {
		switch {
		case strings.Contains(src, ","):
		case src == "/etc/ansible/hosts" && s.cfg.Origin("inventory") == (config.Origin{}) && !exists(src):
			continue // the default that is not there
		default:
			src = absolute(expandHome(src))
		}
		out = append(out, src)
	}
	return out
}

// loadInventory reads the inventory; it can be called again to read it anew.
func (s *session) loadInventory() (*inventory.Inventory, error) {
	o := inventory.Options{
		UnparsedFails: s.cfg.InventoryUnparsedFails, AnyUnparsedFails: s.cfg.InventoryUnparsedAnyFails,
		Enabled: s.cfg.InventoryEnabled, IgnoreExtensions: s.cfg.InventoryIgnoreExtensions, IgnorePatterns: s.cfg.InventoryIgnorePatterns,
		YAMLExtensions: s.cfg.YAMLExtensions, QuietUnparsed: !s.cfg.InventoryUnparsedWarning,
		PatternMismatch: s.cfg.PatternMismatch, Timestamp: filters.Timestamp, GroupChars: s.cfg.GroupChars,
		Vault: s.decrypter(), Warn: s.display.warn, Env: s.env, ExtraVars: s.extra, HashMerge: s.cfg.HashBehaviour == "merge",
	}
	cache, err := factCache(s.cfg)
	if err != nil {
		return nil, err
	}
	if cache != nil {
		o.Facts = cache.Get
	}
	inv, err := inventory.Load(s.sources(), o)
	if err == nil {
		collectFor(len(inv.Hosts()))
	}
	return inv, err
}

// compat settles which version of Ansible to behave like; what reads 2.18's
// output expects results as JSON on one line.
func (s *session) compat() error {
	s.cfg.Compat = s.choose("compat", s.cfg.Compat)
	if s.cfg.Compat != "2.18" {
		return nil
	}
	if s.cfg.ResultFormat == "" {
		s.cfg.ResultFormat = "json"
	}
	return checkLocale(os.Environ())
}

// retype is how templates of 2.18 find their types; nil for 2.19, in which
// they always keep those of their expressions.
func (s *session) retype() *jinja.Retype {
	switch {
	case s.cfg.Compat != "2.18":
		return nil
	case s.cfg.JinjaNative:
		return &jinja.Retype{Native: true, Literal: pyliteral.Parse}
	}
	return &jinja.Retype{Literal: pyliteral.ParseJSON}
}

// extensions gives what jinja2_extensions adds to templates.
func (s *session) extensions() jinja.Extensions {
	var on jinja.Extensions
	for _, name := range s.cfg.JinjaExtensions {
		switch name {
		case "jinja2.ext.do":
			on.Do = true
		case "jinja2.ext.loopcontrols":
			on.LoopControls = true
		default:
			s.display.warn(fmt.Sprintf("jinja2_extensions (%s): %q is not there; there are jinja2.ext.do and jinja2.ext.loopcontrols",
				s.cfg.Origin("jinja2_extensions"), name))
		}
	}
	return on
}

// nobodyLeft is Ansible's text for a --limit without hosts; scripts look for it.
const nobodyLeft = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target."

// limit gives --limit with its files read, after checking that it leaves hosts.
func (s *session) limit() (string, error) {
	limit, err := inventory.ExpandLimit(s.cli.String("limit"))
	if err != nil || limit == "" {
		return "", err
	}
	hosts, err := s.inv.Match(limit)
	if err == nil && !s.anyLeft(hosts) {
		err = errors.New(nobodyLeft)
	}
	return limit, err
}

// anyLeft reports whether a limit to these hosts leaves some to work on: the
// localhost that is not in the inventory is none of its hosts, unless it has no
// others, or a command names it itself.
func (s *session) anyLeft(hosts []*inventory.Host) bool {
	if len(s.inv.Hosts()) == 0 || s.cli.Command.Name == "exec" {
		return len(hosts) > 0
	}
	return slices.ContainsFunc(hosts, func(h *inventory.Host) bool { return !h.Implicit })
}

// moduleNames lists the full names of everything that a task can call.
func moduleNames() []string {
	var names []string
	for _, spec := range action.Catalog() {
		names = append(names, spec.Name)
	}
	return names
}

// loader reads playbooks with this session's paths and vault.
func (s *session) loader() *playbook.Loader {
	var public *bool
	if s.cfg.Origin("private_role_vars") != (config.Origin{}) {
		yes := !s.cfg.PrivateRoleVars
		public = &yes
	}
	return playbook.NewLoader(playbook.Options{
		Rejected: s.rejected, RejectedBy: s.filterFile(), PublicRoles: public, DuplicateKeys: s.cfg.DuplicateKeys,
		Modules: action.Spec, Names: moduleNames, HasAction: action.Exists, HasLookup: hasLookup, RolePaths: s.cfg.RolesPath, CollectionPaths: s.cfg.CollectionsPath, LibraryPaths: s.cfg.Library,
		Vault: s.decrypter(), Env: s.env, Warn: s.env.Warn, Timestamp: filters.Timestamp,
		Static: func(known *value.Dict) *jinja.Context {
			return jinja.NewContext(s.env, vars.Dict{D: known.Clone().Update(s.extra)})
		},
	})
}

// pool makes the connections of a run.
func (s *session) pool() *remote.Pool {
	o := transport.Options{
		AcceptNewHostKeys: s.cli.Bool("accept-new-host-keys"), NoHostKeyCheck: !s.cfg.HostKeyChecking, Warn: s.display.warn,
	}
	if s.term.Interactive() {
		o.AskHostKey, o.AskPassphrase = s.term.askHostKey, s.term.askPassphrase
	}
	return remote.NewPool(keepConnections(transport.NewDialer(o), o, s.cfg.ControlPathDir), remote.Options{Local: serveLocal})
}

// engineConfig fills what run and exec have in common.
func (s *session) engineConfig(ctx context.Context, loader *playbook.Loader, pool *remote.Pool) (engine.Config, error) {
	conn, err := s.connection(ctx)
	if err != nil {
		return engine.Config{}, err
	}
	cache, err := factCache(s.cfg)
	if err != nil {
		return engine.Config{}, err
	}
	cfg := engine.Config{
		Inventory: s.inv, Reload: s.loadInventory, Loader: loader, Env: s.env, Pool: pool, Modules: action.Spec, Sink: s.display,
		ExtraVars: s.extra, Forks: s.cfg.Forks, Check: s.cli.Bool("check"), Diff: s.cli.Bool("diff") || s.cfg.DiffAlways,
		Verbosity: s.verbosity, LogVerbosity: s.cfg.LogVerbosity, FlushCache: s.cli.Bool("flush-cache"), Connection: conn,
		BecomeOn: s.cli.Bool("become") || s.cfg.Become, Gathering: s.cfg.Gathering, FactCache: cache,
		HideFacts: !s.cfg.InjectFacts, NoLog: s.cfg.NoLog, Poll: &s.cfg.PollInterval,
		HashMerge: s.cfg.HashBehaviour == "merge", AnyErrorsFatal: s.cfg.AnyErrorsFatal,
		Strategy: s.cfg.Strategy, TaskTimeout: s.cfg.TaskTimeout, InventorySources: s.sources(), ConfigFile: s.cfg.Path,
		Setting: s.setting, Debugger: s.cfg.Debugger, DebugIgnored: !s.cfg.DebuggerIgnoresErrors, Prompt: s.term,
	}
	if s.cli.IsSet("forks") {
		if cfg.Forks = s.cli.Int("forks"); cfg.Forks < 1 {
			return cfg, &optionsError{"the number of forks (--forks) must be at least 1"}
		}
	}
	if s.term.Interactive() {
		cfg.Terminal = s.term
	}
	cfg.LimitText, cfg.Limited = s.cli.String("limit"), s.cli.IsSet("limit")
	if cfg.Limit, err = s.limit(); err != nil {
		return cfg, err
	}
	return cfg, s.warnFiles(cfg.Limit)
}

// warnFiles warns when connections to all hosts need more open files than the
// shell allows; a play with serial may get by nevertheless.
func (s *session) warnFiles(limit string) error {
	if limit == "" {
		limit = "all"
	}
	hosts, err := s.inv.Match(limit)
	if err != nil {
		return err
	}
	if err := transport.CheckFiles(len(hosts)); err != nil {
		s.display.warn(err.Error())
	}
	return nil
}

// setting gives a setting to the config lookup.
func (s *session) setting(name string) (v value.Value, origin string, ok bool) {
	c, ok := s.cfg.Setting(name)
	if !ok {
		return nil, "", false
	}
	switch origin = "default"; {
	case c.Origin.Env != "":
		origin = "env: " + c.Origin.Env
	case c.Origin.Pos.Known():
		origin = c.Origin.Pos.File
	}
	if list, isList := c.Value.([]string); isList {
		return value.Strings(list...), origin, true
	}
	return value.FromGo(c.Value), origin, true
}

// connection gives the defaults of connections: flags above configuration.
func (s *session) connection(ctx context.Context) (engine.Defaults, error) {
	login, become, err := passwords(ctx, s.cli, s.cfg, s.term)
	if err != nil {
		return engine.Defaults{}, err
	}
	d := engine.Defaults{
		Kind: s.choose("connection", s.cfg.Transport), User: s.choose("user", s.cfg.RemoteUser), Password: login,
		KeyFile: expandHome(s.choose("private-key", s.cfg.PrivateKeyFile)), Port: s.cfg.RemotePort, Retries: s.cfg.SSHRetries, Timeout: s.cfg.Timeout,
		SSHArgs: s.cfg.SSHArgs, CommonArgs: s.choose("ssh-common-args", s.cfg.SSHCommonArgs), ExtraArgs: s.choose("ssh-extra-args", s.cfg.SSHExtraArgs),
		BecomeMethod: s.choose("become-method", s.cfg.BecomeMethod), BecomeUser: s.choose("become-user", s.cfg.BecomeUser),
		BecomePassword: become, BecomeFlags: s.cfg.BecomeFlags, BecomeExe: s.cfg.BecomeExe,
		AcceptNewHostKeys: s.cli.Bool("accept-new-host-keys"), RemoteTmp: s.cfg.RemoteTmp, BecomeSameUser: s.cfg.BecomeSameUser,
	}
	if s.cli.IsSet("timeout") {
		d.Timeout = time.Duration(s.cli.Int("timeout")) * time.Second
	}
	return d, nil
}

// choose gives a flag's value, or the configuration's when it was not given.
func (s *session) choose(flag, fallback string) string {
	if s.cli.IsSet(flag) {
		return s.cli.String(flag)
	}
	return fallback
}

// interruptible gives a context that the first Ctrl-C ends; the second leaves
// at once.
func (s *session) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-done:
			return
		case <-signals:
		}
		fmt.Fprintln(os.Stderr, "\n"+colours(os.Stderr).warning("Interrupted: stopping what runs on the hosts (again to leave at once)"))
		cancel()
		select {
		case <-done:
		case <-signals:
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel() }
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// hasLookup reports whether there is a lookup of a name.
func hasLookup(name string) bool {
	_, ok := filters.Lookup(name)
	return ok
}
