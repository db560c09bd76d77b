// Package modules holds what drover can do on a host: one module a file, each
// making one kind of state true. A module is a Spec (its arguments and
// documentation, taken from a tagged struct) and a Run.
//
// Modules run on the host, inside the runner; they touch the machine only
// through target.Host, so each also runs on a fake. The arguments, defaults
// and result keys are those that Ansible documents.
package modules

import (
	"context"
	"io"

	"drover/modules/target"
	"drover/playbook/value"
)

// Module makes a state true on one host. Run may be called concurrently for
// different calls; it keeps nothing between calls.
type Module interface {
	Spec() *Spec
	// Run does the work. A failure of the module is an error (see Failf) or a
	// Result with Failed set; it is never a panic.
	Run(ctx context.Context, host target.Host, call *Call) (*Result, error)
}

// Spec documents a module and its arguments; "drover doc" prints it and the
// playbook loader checks tasks against it before any host is touched.
type Spec struct {
	Name    string // fully qualified: "ansible.builtin.copy", "drover.builtin.backup"
	Summary string // one line, for the list of modules
	Doc     string // paragraphs: what state it makes true, what differs from Ansible
	// FreeForm names the argument that text without key=value goes to
	// (command's cmd); "" means that free text is an error.
	FreeForm string
	// AnyArgs lets through arguments that are not listed (set_fact, add_host).
	AnyArgs bool
	Args    []Arg // filled by Define from the argument struct
	Check   CheckMode
	Diff    bool // reports a diff in diff mode
	// Options says that Ansible's controller alone checks the names of the
	// arguments, which makes unknown ones another message.
	Options bool
	// Account names the argument that holds a user whose account can be
	// changed or removed only while nothing runs as that user: runners that
	// became this user and have nothing to do leave the host first.
	Account string
	// KeepKeys, when not nil, makes secrets among the arguments stay out of the
	// names of the result's keys too, but for these.
	KeepKeys []string
	Examples string
	Returns  []Return
	// Rules on combinations of arguments, as Ansible has them.
	MutuallyExclusive [][]string
	RequiredTogether  [][]string
	RequiredOneOf     [][]string
	RequiredIf        []RequiredIf
	RequiredBy        map[string][]string

	plan *plan // how Decode fills the struct that Args were taken from
}

// Arg documents one argument.
type Arg struct {
	Name     string
	Aliases  []string
	Type     string // str, int, bool, float, list, dict, path, raw, bytes, bits, json, jsonarg
	Elements string // of a list
	Default  value.Value
	Required bool
	Choices  []string
	NoLog    bool
	Unshown  bool // not shown among a call's arguments, but no secret elsewhere
	Doc      string
	Options  []Arg // sub-arguments of a dict or a list of dicts
}

// Return documents one key of the result.
type Return struct{ Name, Type, When, Doc string }

// RequiredIf: when Arg equals Value, the Needs are required (any one of them
// when AnyOf).
type RequiredIf struct {
	Arg   string
	Value any
	Needs []string
	AnyOf bool
}

// CheckMode says what a module does in check mode.
type CheckMode int

// The kinds of check mode support.
const (
	CheckNone CheckMode = iota // the task is skipped
	CheckFull                  // says exactly what would change
	CheckPart                  // says what it can
)

// Call is one use of a module: its arguments and the services of the
// controller that called.
type Call struct {
	Args  *value.Dict // expanded, not yet decoded; Define decodes them
	Check bool
	Diff  bool
	// Verbosity is the number of -v.
	Verbosity int
	// Env is added to the environment of every command the module runs.
	Env map[string]string
	// Module is the name under which it was called.
	Module string
	// Blobs gives the contents that the controller holds for this call, by
	// the name used in the arguments (see Blobs). Nil on fakes without any.
	Blobs Blobs
	// Progress tells people what a long step is doing; never nil.
	Progress func(text string)
}

// Blobs is the channel for bulk data between controller and module. Both ways
// are streams with back-pressure: memory stays constant.
type Blobs interface {
	// Open gives the controller's blob called id (a SHA-1 in hex or a name).
	Open(ctx context.Context, id string) (io.ReadCloser, error)
	// Send opens a stream to the controller under a name; Close ends it well.
	Send(ctx context.Context, name string) (io.WriteCloser, error)
}

// Prefetcher is a Module that can say which of the controller's blobs a call
// will open, so that a batch of calls asks for them in one round trip.
type Prefetcher interface {
	Needs(ctx context.Context, host target.Host, call *Call) []string
}

// Result is what a module reports. Data holds the module's own keys in the
// order they print; the fields are merged in when it is sent.
type Result struct {
	Changed      bool
	Failed       bool
	Skipped      bool
	Msg          string
	Diff         []Diff
	DiffList     bool        // gives diff as a list also when there is one or none
	NoPath       bool        // leaves out what there is to tell of its path or dest
	Facts        *value.Dict // becomes ansible_facts
	Warnings     []string
	Deprecations []string
	Data         *value.Dict
}

// Diff is a before and an after of one thing, as diff mode prints it.
type Diff struct {
	Before, After             string
	BeforeHeader, AfterHeader string
	// BeforeState and AfterState are used instead of texts for small sets of
	// properties (mode, owner), printed as sorted JSON.
	BeforeState, AfterState *value.Dict
	Prepared                string // already a diff
	// NoText: only the headers, since nothing differs under them.
	NoText               bool
	DstBinary, SrcBinary bool
	DstLarger, SrcLarger int // the size limit that was exceeded
}

// Set puts a key into the result's data and returns r.
func (r *Result) Set(key string, v any) *Result {
	if r.Data == nil {
		r.Data = value.NewDict(8)
	}
	r.Data.Put(key, value.FromGo(v))
	return r
}

// Error is a module's failure: a message and further keys of the result.
type Error struct {
	Msg  string
	Data *value.Dict
	Err  error
}

func (e *Error) Error() string { return e.Msg }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
