package transport

import (
	"strconv"
	"strings"
	"time"
)

// foreverTime stands for "as long as it takes": ControlPersist=yes.
const foreverTime = 24 * time.Hour

// Persist gives how long a connection to t may stay open, unused, after a run:
// what ControlPersist says in the ssh arguments where ControlMaster is on, as
// with OpenSSH (ssh_config(5)). It is 0 when the connection ends with the run.
func Persist(t *Target) time.Duration {
	switch t.Kind {
	case "", "ssh", "smart", "ansible.builtin.ssh", "ansible.builtin.smart":
	default:
		return 0
	}
	s := newSettings(func(string) {})
	s.args(t.CommonArgs)
	if s.get("controlmaster") == "" || s.no("controlmaster") {
		return 0
	}
	limit, _ := persistTime(s.get("controlpersist"))
	return limit
}

// persistTime reads the value of ControlPersist; it reports whether it is one.
func persistTime(text string) (limit time.Duration, ok bool) {
	switch text = strings.ToLower(text); text {
	case "", "no", "off", "false":
		return 0, true
	case "yes", "true", "0":
		return foreverTime, true
	}
	limit = sshTime(text)
	return limit, limit > 0
}

// sshTime reads a time as ssh writes it: 90, 90s, 1m30s, 2h, 1d, 1w; 0 when it
// is none.
func sshTime(text string) time.Duration {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	var all time.Duration
	for text != "" {
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		n, err := strconv.Atoi(text[:digits])
		if err != nil {
			return 0
		}
		unit := time.Second
		if text = text[digits:]; text != "" {
			var ok bool
			if unit, ok = units[text[0]]; !ok {
				return 0
			}
			text = text[1:]
		}
		all = min(all+time.Duration(min(n, int(foreverTime/unit)+1))*unit, foreverTime)
	}
	return all
}
