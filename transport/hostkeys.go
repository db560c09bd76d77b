package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys checks keys of hosts against known_hosts files, which it reads
// once, and remembers new ones there.
type hostKeys struct {
	o   Options
	mu  sync.Mutex // guards dbs, accepted and the files
	dbs map[string]*knownKeys
	// accepted are the keys taken in this run, by name.
	accepted map[string]string
	ask      sync.Mutex // one question at a time
}

// knownKeys is what a list of files holds, as the library reads it and indexed.
type knownKeys struct {
	*knownhosts.HostKeyDB
	index *keyIndex
}

// policy is what to do with keys that are not known.
type policy int

const (
	policyAsk policy = iota
	policyStrict
	policyAccept
	policyAny
)

func (h *hostKeys) policy(e *endpoint) policy {
	switch strings.ToLower(e.get("stricthostkeychecking")) {
	case "no", "off", "false":
		return policyAny
	case "accept-new":
		return policyAccept
	case "yes", "true":
		if !h.o.AcceptNewHostKeys {
			return policyStrict
		}
	}
	switch {
	case h.o.NoHostKeyCheck:
		return policyAny
	case h.o.AcceptNewHostKeys:
		return policyAccept
	}
	return policyAsk
}

// files gives the known_hosts files: the user's first, to which new keys go.
func (h *hostKeys) files(e *endpoint) []string {
	userFiles := strings.Fields(e.get("userknownhostsfile"))
	if len(userFiles) == 0 {
		userFiles = []string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2"}
	}
	global := strings.Fields(e.get("globalknownhostsfile"))
	if len(global) == 0 {
		global = []string{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
	}
	var files []string
	for _, f := range append(userFiles, global...) {
		if f != "none" && f != os.DevNull {
			files = append(files, expandHome(e.expand(f)))
		}
	}
	return files
}

// db gives the parsed files; those that are not there are left out.
func (h *hostKeys) db(files []string) (*knownKeys, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := strings.Join(files, "\n")
	if db := h.dbs[key]; db != nil {
		return db, nil
	}
	var there []string
	for _, f := range files {
		if _, err := os.Stat(f); err == nil {
			there = append(there, f)
		}
	}
	db, err := knownhosts.NewDB(there...)
	if err != nil {
		return nil, err
	}
	if h.dbs == nil {
		h.dbs = map[string]*knownKeys{}
	}
	known := &knownKeys{db, readIndex(there)}
	h.dbs[key] = known
	return known, nil
}

// configure makes cfg ask for the kinds of keys that are known for the host
// and check the one that comes.
func (h *hostKeys) configure(ctx context.Context, e *endpoint, cfg *ssh.ClientConfig) error {
	cfg.HostKeyAlgorithms = e.algorithms("hostkeyalgorithms", ssh.SupportedAlgorithms().HostKeys)
	p := h.policy(e)
	if p == policyAny {
		cfg.HostKeyAlgorithms = orPreferred(cfg.HostKeyAlgorithms)
		cfg.HostKeyCallback = ssh.InsecureIgnoreHostKey()
		return nil
	}
	files := h.files(e)
	db, err := h.db(files)
	if err != nil {
		return e.target.fault(PhaseHostKey, err, "correct or remove that line")
	}
	name := e.keyName()
	keys := db.index.known(name)
	if len(cfg.HostKeyAlgorithms) == 0 {
		if cfg.HostKeyAlgorithms = algorithmsOf(keys); keys == nil {
			cfg.HostKeyAlgorithms = orPreferred(db.HostKeyAlgorithms(name))
		}
	}
	cfg.HostKeyCallback = func(_ string, remote net.Addr, key ssh.PublicKey) error {
		if holds(keys, key) {
			return nil
		}
		err := db.HostKeyCallback()(name, nameOnly{remote}, key)
		if knownhosts.IsHostUnknown(err) {
			return h.unknown(ctx, e, p, files, key)
		}
		return h.explain(e, key, err)
	}
	return nil
}

// orPreferred gives the algorithms, or where none is asked for those of a host
// that is not known yet, in OpenSSH's order: the fingerprint that a person is
// shown is then the one that ssh shows.
func orPreferred(algorithms []string) []string {
	if len(algorithms) > 0 {
		return algorithms
	}
	return []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
}

// keyName is the name under which the host's key is stored.
func (e *endpoint) keyName() string {
	if alias := e.get("hostkeyalias"); alias != "" {
		return net.JoinHostPort(e.expand(alias), "22")
	}
	return e.address()
}

// nameOnly keeps the check to the host's name: behind a proxy the peer's
// address is another's.
type nameOnly struct{ net.Addr }

func (nameOnly) String() string { return "0.0.0.0:0" }

func (h *hostKeys) explain(e *endpoint, key ssh.PublicKey, err error) error {
	var changed *xknownhosts.KeyError
	if errors.As(err, &changed) {
		places := make([]string, len(changed.Want))
		for i, w := range changed.Want {
			places[i] = fmt.Sprintf("%s:%d", w.Filename, w.Line)
		}
		return e.target.fault(PhaseHostKey,
			fmt.Errorf("the host key of %s has changed: it shows %s, but another one is stored in %s",
				e.address(), keyText(key), strings.Join(places, ", ")),
			"if the host was reinstalled, remove that line; if not, somebody may be in between")
	}
	var revoked *xknownhosts.RevokedError
	if errors.As(err, &revoked) {
		return e.target.fault(PhaseHostKey, fmt.Errorf("the host key of %s, %s, is revoked by %s:%d",
			e.address(), keyText(key), revoked.Revoked.Filename, revoked.Revoked.Line), "")
	}
	return err
}

// unknown decides about the key of a host that is in no file.
func (h *hostKeys) unknown(ctx context.Context, e *endpoint, p policy, files []string, key ssh.PublicKey) error {
	if known, differs := h.isAccepted(e, key); known {
		return nil
	} else if differs {
		return e.target.fault(PhaseHostKey, fmt.Errorf("%s shows another host key than a moment ago: %s",
			e.address(), keyText(key)), "somebody may be in between")
	}
	accepted := p == policyAccept
	if p == policyAsk && h.o.AskHostKey != nil {
		h.ask.Lock()
		defer h.ask.Unlock()
		var err error
		accepted, err = h.o.AskHostKey(ctx, HostKeyQuestion{Host: e.target.name(), Address: e.address(),
			KeyType: keyKind(key), Fingerprint: ssh.FingerprintSHA256(key)})
		if err != nil {
			return e.target.fault(PhaseHostKey, err, "")
		}
	}
	if accepted {
		return h.remember(e, files, key)
	}
	return e.target.fault(PhaseHostKey,
		fmt.Errorf("the host key of %s is not known: it shows %s", e.address(), keyText(key)),
		"compare the fingerprint with the host's, then run again with --accept-new-host-keys, or: ssh-keyscan -p "+
			fmt.Sprint(e.port)+" "+e.host+" >> ~/.ssh/known_hosts")
}

// remember writes the key to the first file; where there is none (or it is
// /dev/null) the key is only taken.
func (h *hostKeys) remember(e *endpoint, files []string, key ssh.PublicKey) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.accepted == nil {
		h.accepted = map[string]string{}
	}
	h.accepted[e.keyName()] = string(key.Marshal())
	if len(files) == 0 || strings.HasPrefix(files[0], "/etc/") {
		return nil
	}
	if err := appendLine(files[0], knownhosts.Line([]string{e.keyName()}, key)); err != nil {
		h.o.Warn(fmt.Sprintf("the host key of %s could not be stored: %v", e.target.name(), err))
	}
	return nil
}

// isAccepted compares with the key taken earlier in this run, if any.
func (h *hostKeys) isAccepted(e *endpoint, key ssh.PublicKey) (known, differs bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	former, ok := h.accepted[e.keyName()]
	same := former == string(key.Marshal())
	return ok && same, ok && !same
}

func appendLine(path, line string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

func keyText(key ssh.PublicKey) string {
	return keyKind(key) + " " + ssh.FingerprintSHA256(key)
}

// keyKind is the name that ssh prints for a kind of key.
func keyKind(key ssh.PublicKey) string {
	switch t := key.Type(); {
	case strings.Contains(t, "ed25519"):
		return "ED25519"
	case strings.HasPrefix(t, "ecdsa"):
		return "ECDSA"
	case strings.HasPrefix(t, "ssh-rsa"), strings.HasPrefix(t, "rsa"):
		return "RSA"
	default:
		return t
	}
}
