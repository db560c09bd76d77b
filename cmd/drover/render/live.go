package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"drover/playbook/event"
)

// Screen is a terminal with a line at its bottom that is erased before
// anything else is written and drawn again after it. It is safe for
// concurrent use.
type Screen struct {
	mu     sync.Mutex
	w      io.Writer
	width  func() int
	line   string // what should stand at the bottom
	drawn  bool
	paused bool
}

// NewScreen makes a Screen on a terminal; width tells its present width.
func NewScreen(w io.Writer, width func() int) *Screen { return &Screen{w: w, width: width} }

// Write implements io.Writer.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	n, err := s.w.Write(p)
	if n > 0 && p[n-1] == '\n' {
		s.draw()
	}
	return n, err
}

// Status sets the line at the bottom; "" takes it away.
func (s *Screen) Status(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if line == s.line && s.drawn {
		return
	}
	s.erase()
	s.line = line
	s.draw()
}

// Pause takes the line away until Resume, for prompts.
func (s *Screen) Pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.paused = true
}

// Resume ends a Pause.
func (s *Screen) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = false
}

func (s *Screen) erase() {
	if s.drawn {
		io.WriteString(s.w, "\r\x1b[K")
		s.drawn = false
	}
}

func (s *Screen) draw() {
	if s.line == "" || s.paused {
		return
	}
	io.WriteString(s.w, "\x1b[2m"+clip(s.line, max(20, s.width()-1))+"\x1b[0m")
	s.drawn = true
}

// progress is what runs now and who is waited for, without any printing.
type progress struct {
	task    *event.TaskInfo
	total   int
	waiting []string
	doing   map[string]string // what a host's long step says
	since   time.Time
}

// observe brings the state up to date.
func (p *progress) observe(e event.Event) {
	switch e := e.(type) {
	case event.TaskStart:
		p.task, p.total, p.since = e.Task, len(e.Hosts), time.Now()
		p.waiting, p.doing = slices.Clone(e.Hosts), map[string]string{}
	case event.HostStart:
		if !slices.Contains(p.waiting, e.Host) {
			p.waiting = append(p.waiting, e.Host)
			p.total++
		}
	case event.Result:
		if i := slices.Index(p.waiting, e.Host); i >= 0 {
			p.waiting = slices.Delete(p.waiting, i, i+1)
			delete(p.doing, e.Host)
		}
	case event.Progress:
		if p.doing != nil {
			p.doing[e.Host] = e.Text
		}
	case event.PlayStart, event.RunEnd:
		*p = progress{}
	}
}

// shownHosts is how many hosts a progress line names.
const shownHosts = 4

// text gives the progress line, "" when nothing is waited for.
func (p *progress) text(now time.Time) string {
	if p.task == nil || len(p.waiting) == 0 {
		return ""
	}
	names := make([]string, 0, shownHosts+1)
	for _, h := range p.waiting[:min(shownHosts, len(p.waiting))] {
		if d := p.doing[h]; d != "" {
			h += " (" + d + ")"
		}
		names = append(names, h)
	}
	if more := len(p.waiting) - shownHosts; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("[%ds] %s: %d of %d done, waiting for %s", int(now.Sub(p.since).Seconds()),
		p.task.Heading(), p.total-len(p.waiting), p.total, strings.Join(names, ", "))
}

// live keeps the progress line on a Screen up to date.
type live struct {
	screen *Screen
	mu     sync.Mutex
	state  progress
	stop   chan struct{}
	once   sync.Once
}

func newLive(s *Screen) *live {
	l := &live{screen: s, stop: make(chan struct{})}
	go l.tick()
	return l
}

func (l *live) tick() {
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case now := <-t.C:
			l.mu.Lock() // held until it is drawn, so that nothing is drawn after the end
			l.screen.Status(l.state.text(now))
			l.mu.Unlock()
		}
	}
}

func (l *live) observe(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.observe(e)
	if _, ended := e.(event.RunEnd); ended {
		l.once.Do(func() { close(l.stop) })
		l.screen.Status("")
	}
}
