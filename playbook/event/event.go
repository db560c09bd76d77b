// Package event says what happens during a run: a closed set of structs that
// the engine emits, in order, from one place. Everything that prints, records
// or reports is a Sink. A sink observes and cannot alter; what it gets is
// redacted before (secrets read ********).
package event

import (
	"time"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Event is one of the structs of this package.
type Event interface{ event() }

// Sink receives events one at a time, in order, never concurrently.
type Sink interface{ Event(Event) }

// Status is how a task ended on a host.
type Status string

// The statuses of a Result.
const (
	OK          Status = "ok"
	Changed     Status = "changed"
	Skipped     Status = "skipped"
	Failed      Status = "failed"
	Unreachable Status = "unreachable"
)

// TaskInfo names a task to people.
type TaskInfo struct {
	ID      string     // unique in the run
	Name    string     // as written and templated; "" when the task has none
	Action  string     // the module as written: "apt", "ansible.builtin.copy"
	Role    string     // the role's name, or ""
	Pos     source.Pos // where the task stands
	Handler bool
	Args    string // "key=value, …" of the arguments, for display_args_to_stdout
	NoLog   bool
	Check   bool // it only tells what it would do
	Tags    []string
}

// Heading gives what follows "TASK [" in Ansible's output.
func (t *TaskInfo) Heading() string {
	s := t.Name
	if s == "" {
		s = t.Action
	}
	if t.Role != "" {
		s = t.Role + " : " + s
	}
	return s
}

type (
	// RunStart opens a run of one or more playbooks.
	RunStart struct {
		Playbooks []string
		Check     bool
		Time      time.Time
	}
	// PlaybookStart opens one playbook file.
	PlaybookStart struct {
		Path  string
		Plays int
	}
	// PlaybookEnd closes a playbook file that another one follows, with what
	// came together so far; RunEnd closes the last.
	PlaybookEnd struct {
		Path   string
		Stats  []HostStats // in order of the hosts' names
		Custom map[string]*value.Dict
	}
	// PlayStart opens a play (once for every serial batch).
	PlayStart struct {
		Name  string
		Pos   source.Pos
		Hosts []string // the hosts of this batch
	}
	// NoHosts says that a play matched no hosts (or none are left).
	NoHosts struct{ Remaining bool }
	// TaskStart opens a task; with strategies other than linear it may come
	// again for other hosts.
	TaskStart struct {
		Task  *TaskInfo
		Hosts []string
		Time  time.Time
	}
	// HostStart says that a host begins to work on a task.
	HostStart struct {
		Task *TaskInfo
		Host string
	}
	// Item is the result of one item of a loop; a Result for all follows.
	Item struct {
		Task    *TaskInfo
		Host    string
		Target  string // the host it was delegated to, or ""
		Label   value.Value
		Status  Status
		Result  *value.Dict
		Ignored bool
		NoDiff  bool  // diff mode is off: what differs is in the result, but not to be shown
		Err     error // the failure with its place in the playbook, when it has one
	}
	// Result is the end of a task on a host. Result.Data holds what register
	// would see.
	Result struct {
		Task    *TaskInfo
		Host    string
		Target  string // the host it was delegated to, or ""
		Status  Status
		Ignored bool  // failed or unreachable, and ignored
		Rescued bool  // failed inside a block that has a rescue
		Looped  bool  // items were printed before
		NoDiff  bool  // diff mode is off, as for Item
		Err     error // the failure with its place in the playbook, when it has one
		Result  *value.Dict
		Start   time.Time
		End     time.Time
	}
	// Retry says that an until loop tries again.
	Retry struct {
		Task     *TaskInfo
		Host     string
		Left     int
		Attempts int
		Result   *value.Dict
	}
	// AsyncPoll says that an asynchronous task was asked how far it is.
	AsyncPoll struct {
		Task  *TaskInfo
		Host  string
		JobID string
		Left  int // seconds
	}
	// AsyncEnd says that an asynchronous task that was waited for came to its end.
	AsyncEnd struct {
		Task   *TaskInfo
		Host   string
		JobID  string
		Failed bool
	}
	// Included says that a file was included for hosts.
	Included struct {
		Path  string
		Hosts []string
		Label string // the item's label, or ""
		Pos   source.Pos
	}
	// Notified says that a task's change notified a handler.
	Notified struct {
		Handler string
		Host    string
	}
	// Progress says what a long step is doing (upload of the runner, a
	// connection attempt).
	Progress struct {
		Host string
		Text string
	}
	// Warning is for the user and does not fail anything. Deprecated ones can
	// be switched off.
	Warning struct {
		Pos        source.Pos
		Text       string
		Deprecated bool
	}
	// Message is a line from the engine at a verbosity (1 is -v).
	Message struct {
		Verbosity int
		Host      string
		Text      string
	}
	// ErrorEvent is an error of the run itself, not of a task on a host.
	ErrorEvent struct{ Err error }
	// Prompted asks nothing; it shows a pause's prompt.
	Prompted struct{ Text string }
	// RunEnd closes the run.
	RunEnd struct {
		Stats       []HostStats // in order of the hosts' names
		Custom      map[string]*value.Dict
		Interrupted bool
		Broken      bool // an error ended it
		Time        time.Time
	}
)

// HostStats is a host's line of the recap.
type HostStats struct {
	Host                                                        string
	OK, Changed, Unreachable, Failed, Skipped, Rescued, Ignored int
}

func (RunStart) event()      {}
func (PlaybookStart) event() {}
func (PlaybookEnd) event()   {}
func (PlayStart) event()     {}
func (NoHosts) event()       {}
func (TaskStart) event()     {}
func (HostStart) event()     {}
func (Item) event()          {}
func (Result) event()        {}
func (Retry) event()         {}
func (AsyncPoll) event()     {}
func (AsyncEnd) event()      {}
func (Included) event()      {}
func (Notified) event()      {}
func (Progress) event()      {}
func (Warning) event()       {}
func (Message) event()       {}
func (ErrorEvent) event()    {}
func (Prompted) event()      {}
func (RunEnd) event()        {}

// Sinks sends every event to each of its members in turn.
type Sinks []Sink

// Event implements Sink.
func (s Sinks) Event(e Event) {
	for _, x := range s {
		x.Event(e)
	}
}
