// Package engine runs playbooks: plays become batches, a strategy decides who
// runs what next, each host walks its own cursor through blocks and handlers,
// tasks are evaluated in the host's variables and their modules called, and
// everything that happens is an event.
package engine

import (
	"context"
	"errors"
	"time"

	"drover/inventory"
	"drover/modules"
	"drover/playbook"
	"drover/playbook/action"
	"drover/playbook/event"
	"drover/playbook/jinja"
	"drover/playbook/source"
	"drover/playbook/value"
	"drover/transport"
	"drover/transport/remote"
)

// Config is everything a run needs. The command line fills it.
type Config struct {
	Inventory *inventory.Inventory
	// Reload reads the inventory again (meta: refresh_inventory); may be nil.
	Reload func() (*inventory.Inventory, error)
	Loader *playbook.Loader
	Env    *jinja.Env // with Ansible's filters, tests and lookups
	Pool   *remote.Pool
	// Modules gives a module's spec; it is what the runner can do.
	Modules func(fqcn string) (*modules.Spec, bool)
	Sink    event.Sink

	ExtraVars *value.Dict
	Limit     string // --limit, already with @file resolved
	LimitText string // as it was written
	Limited   bool   // --limit was given, if only an empty one
	Tags      []string
	SkipTags  []string
	Forks     int // 50 when 0
	Check     bool
	Diff      bool
	Verbosity int
	// LogVerbosity is that of the log, where it has more to say.
	LogVerbosity int
	StartAt      string // --start-at-task
	Step         bool
	Force        bool // --force-handlers
	// AllowMissingHandlers makes it a warning only when a task notifies a
	// handler that there is not.
	AllowMissingHandlers bool
	FlushCache           bool
	// Connection defaults from flags and configuration.
	Connection Defaults
	// Become defaults from flags and configuration.
	BecomeOn       bool
	Gathering      string    // implicit, explicit, smart
	FactCache      FactCache // nil: in memory
	HideFacts      bool      // facts are in ansible_facts alone (inject_facts_as_vars = false)
	NoLog          bool      // of tasks that don't say
	Poll           *int      // seconds between questions for async tasks that don't say; 15 when nil
	HashMerge      bool      // hash_behaviour = merge
	AnyErrorsFatal bool
	Strategy       string
	TaskTimeout    time.Duration
	// CLIArgs are shown to templates as ansible_* magic variables.
	InventorySources []string
	ConfigFile       string
	// Setting gives a setting by the name that Ansible's config lookup knows
	// it by (DEFAULT_FORKS); may be nil.
	Setting func(name string) (v value.Value, origin string, ok bool)
	// BookEnd hears of the hosts that failed, with their names sorted, when a
	// playbook came to its end, before the recap; may be nil.
	BookEnd  func(book *playbook.Playbook, failed []string)
	Terminal Terminal // nil: not interactive
	// Debugger opens the debugger at tasks that fail, DebugIgnored also where
	// the failure is ignored. Prompt gives its commands, also from a pipe; nil:
	// no debugger.
	Debugger, DebugIgnored bool
	Prompt                 LineReader
}

func (c *Config) limited() bool { return c.Limited || c.Limit != "" }

// Defaults are the connection settings from flags and configuration, used
// where inventory and playbook set none.
type Defaults struct {
	Kind, User, Password, KeyFile                                    string
	Port, Retries                                                    int
	Timeout                                                          time.Duration
	SSHArgs, CommonArgs, ExtraArgs                                   string
	BecomeMethod, BecomeUser, BecomePassword, BecomeFlags, BecomeExe string
	AcceptNewHostKeys                                                bool
	BecomeSameUser                                                   bool // also when it is the login user
	RemoteTmp                                                        string
}

// FactCache stores facts between runs.
type FactCache interface {
	Get(host string) (*value.Dict, bool)
	Set(host string, facts *value.Dict) error
	Delete(host string) error
}

// LineReader asks for a line.
type LineReader interface {
	// ReadLine shows prompt and reads a line; echo false hides it. The error at
	// the end of the input is io.EOF.
	ReadLine(ctx context.Context, prompt string, echo bool) (string, error)
}

// Terminal asks the person in front of the run.
type Terminal interface {
	LineReader
	// ReadKeys shows prompt and reads key by key; see action.Run.
	ReadKeys(ctx context.Context, prompt string, k action.Keys) (string, error)
	Interactive() bool
}

// Outcome is how a run ended.
type Outcome struct {
	Failed, Unreachable bool // some host did
	Interrupted         bool
	Stats               []event.HostStats
	FailedHosts         []string // for --limit @file.retry
}

// RunError is an error that came up while the run went on and ends it: what a
// playbook names is not there, such as a handler or a strategy. Its exit code is
// 1, that of a playbook that can't be read is 4.
type RunError struct{ Err *source.Error }

func (e *RunError) Error() string { return e.Err.Error() }

// HostVarsError is that of the group_vars and host_vars of a host, which can't be
// read or decrypted.
type HostVarsError struct {
	Host string
	Err  error
}

// Error implements error.
func (e *HostVarsError) Error() string { return "variables of host " + e.Host + ": " + e.Err.Error() }

// Unwrap gives what is wrong.
func (e *HostVarsError) Unwrap() error { return e.Err }

// asRunError gives a fault of the playbook the exit code of one that came up in
// the run.
func asRunError(err error) error {
	var e *source.Error
	if errors.As(err, &e) {
		return &RunError{e}
	}
	return err
}

// Unwrap gives the error with its place.
func (e *RunError) Unwrap() error { return e.Err }

// The doors:
//
//	func New(c Config) *Engine
//	func (e *Engine) Run(ctx context.Context, books []*playbook.Playbook) (*Outcome, error)
//	    ctx's end stops new work and kills what runs on the hosts; the recap
//	    (event.RunEnd) still comes. An error is a fault of the playbook or the
//	    configuration (exit code 1 or 4), with its place.
//	func (e *Engine) List(book *playbook.Playbook) ([]Listing, error)   for --list-hosts, --list-tasks, --list-tags

// Dialer is what a Pool is built on; named here for the command line.
type Dialer = transport.Dialer
