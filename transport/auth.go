package transport

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keyring holds the private keys of a run, each parsed once however many
// hosts it opens, and the agent's connection.
type keyring struct {
	keys   once[ssh.Signer]
	ask    func(ctx context.Context, file string) (string, error) // Options.AskPassphrase
	asked  once[unlocked]
	mu     sync.Mutex
	agents map[string]*sshAgent
}

// unlocked is what came of asking for a passphrase; a failure is kept too, so
// that nobody is asked again for the next host.
type unlocked struct {
	key ssh.Signer
	err error
}

type sshAgent struct {
	conn    net.Conn
	signers []ssh.Signer
	err     error
}

func (k *keyring) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range k.agents {
		if a.conn != nil {
			a.conn.Close()
		}
	}
	k.agents = nil
}

// auth gathers ways to log in and what went wrong with some of them, which is
// told only if none of the others works.
type auth struct {
	e       *endpoint
	signers []ssh.Signer
	seen    map[string]bool
	faults  []string
}

// methods gives the ways to log in at e, in the order ssh tries them.
func (k *keyring) methods(ctx context.Context, e *endpoint) (*auth, []ssh.AuthMethod) {
	a := &auth{e: e, seen: map[string]bool{}}
	if !e.no("pubkeyauthentication") {
		k.collect(ctx, a)
	}
	byName := map[string]ssh.AuthMethod{}
	if len(a.signers) > 0 {
		byName["publickey"] = ssh.PublicKeys(a.signers...)
	}
	if pw := e.target.Password; pw != "" {
		if !e.no("passwordauthentication") {
			byName["password"] = ssh.Password(pw)
		}
		if !e.no("kbdinteractiveauthentication") {
			byName["keyboard-interactive"] = ssh.KeyboardInteractive(answerAll(pw))
		}
	}
	var ms []ssh.AuthMethod
	for _, name := range a.order() {
		if m, ok := byName[name]; ok {
			ms = append(ms, m)
		}
	}
	return a, ms
}

func (a *auth) order() []string {
	if text := a.e.get("preferredauthentications"); text != "" {
		return strings.Split(strings.ReplaceAll(text, " ", ""), ",")
	}
	return []string{"publickey", "password", "keyboard-interactive"}
}

// answerAll gives the password to every hidden question, once.
func answerAll(pw string) ssh.KeyboardInteractiveChallenge {
	asked := false
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i := range questions {
			if !echos[i] {
				if asked {
					return nil, errors.New("the password was refused")
				}
				answers[i], asked = pw, true
			}
		}
		return answers, nil
	}
}

// collect finds the private keys: the target's own, those the options name,
// the agent's, and the usual files.
func (k *keyring) collect(ctx context.Context, a *auth) {
	e, t := a.e, a.e.target
	if t.KeyData != "" {
		s, err := parseKey([]byte(t.KeyData+"\n"), t.Passphrase)
		a.add(s, err, "the private key in ansible_ssh_private_key")
	}
	var files []string
	if t.KeyFile != "" {
		files = append(files, expandHome(t.KeyFile))
	}
	for _, f := range e.values["identityfile"] {
		files = append(files, expandHome(e.expand(f)))
	}
	signers, agentErr := k.agentSigners(e)
	for _, f := range files {
		k.addFile(ctx, a, f, signers, true)
	}
	if !e.yes("identitiesonly") {
		for _, s := range signers {
			a.add(s, nil, "")
		}
		if agentErr != nil {
			a.faults = append(a.faults, agentErr.Error())
		}
	}
	if len(files) > 0 || t.KeyData != "" {
		return
	}
	for _, f := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		k.addFile(ctx, a, home(".ssh/"+f), signers, false)
	}
}

// addFile adds the key in a file; one that is locked is taken from the agent
// where that has it, or a person is asked for its passphrase. A usual file that
// nobody named may be missing, and is asked for only when nothing else opens
// the host.
func (k *keyring) addFile(ctx context.Context, a *auth, path string, agentKeys []ssh.Signer, wanted bool) {
	s, err := k.keys.get(path+"\x00"+a.e.target.Passphrase, func() (ssh.Signer, error) {
		return readKey(path, a.e.target.Passphrase)
	})
	if errors.Is(err, fs.ErrNotExist) && !wanted {
		return
	}
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) && locked.PublicKey != nil {
		for _, s := range agentKeys {
			if string(s.PublicKey().Marshal()) == string(locked.PublicKey.Marshal()) {
				a.add(s, nil, "")
				return
			}
		}
	}
	if locked != nil && k.ask != nil && (wanted || len(a.signers) == 0 && a.e.target.Password == "") {
		u, _ := k.asked.get(path, func() (unlocked, error) { return k.unlock(ctx, path), nil })
		s, err = u.key, u.err
	}
	a.add(s, err, path)
}

const passphraseTries = 3

// unlock asks for the passphrase of the key in a file.
func (k *keyring) unlock(ctx context.Context, path string) unlocked {
	for range passphraseTries {
		passphrase, err := k.ask(ctx, path)
		if err != nil {
			return unlocked{err: err}
		}
		key, err := readKey(path, passphrase)
		if !errors.Is(err, x509.IncorrectPasswordError) {
			return unlocked{key, err}
		}
	}
	return unlocked{err: errors.New("its passphrase was wrong")}
}

func (a *auth) add(s ssh.Signer, err error, what string) {
	if err != nil {
		var locked *ssh.PassphraseMissingError
		if errors.As(err, &locked) {
			err = errors.New("it is locked with a passphrase (add it to the ssh-agent, or set ansible_ssh_private_key_passphrase)")
		}
		if errors.Is(err, x509.IncorrectPasswordError) {
			err = errors.New("ansible_ssh_private_key_passphrase is not its passphrase")
		}
		a.faults = append(a.faults, fmt.Sprintf("%s: %v", what, err))
		return
	}
	if id := string(s.PublicKey().Marshal()); !a.seen[id] {
		a.seen[id] = true
		a.signers = append(a.signers, s)
	}
}

func readKey(path, passphrase string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	s, err := parseKey(text, passphrase)
	if err != nil {
		return nil, err
	}
	return withCertificate(s, path+"-cert.pub"), nil
}

func parseKey(text []byte, passphrase string) (ssh.Signer, error) {
	s, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) && passphrase != "" {
		s, err = ssh.ParsePrivateKeyWithPassphrase(text, []byte(passphrase))
	}
	return s, err
}

// withCertificate joins a key with the certificate beside it, if there is one.
func withCertificate(s ssh.Signer, path string) ssh.Signer {
	text, err := os.ReadFile(path)
	if err != nil {
		return s
	}
	pub, _, _, _, err := ssh.ParseAuthorizedKey(text)
	cert, ok := pub.(*ssh.Certificate)
	if err != nil || !ok {
		return s
	}
	if c, err := ssh.NewCertSigner(cert, s); err == nil {
		return c
	}
	return s
}

// agentSocket is where the ssh-agent listens; "" when there is none to use.
func (e *endpoint) agentSocket() string {
	switch sock := expandHome(e.expand(e.get("identityagent"))); sock {
	case "none":
		return ""
	case "", "SSH_AUTH_SOCK":
		return os.Getenv("SSH_AUTH_SOCK")
	default:
		return sock
	}
}

// agentSigners asks the agent once for its keys.
func (k *keyring) agentSigners(e *endpoint) ([]ssh.Signer, error) {
	sock := e.agentSocket()
	if sock == "" {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.agents == nil {
		k.agents = map[string]*sshAgent{}
	}
	a := k.agents[sock]
	if a == nil {
		a = openAgent(sock)
		k.agents[sock] = a
	}
	return a.signers, a.err
}

func openAgent(sock string) *sshAgent {
	conn, err := net.Dial("unix", sock)
	if err != nil {
		return &sshAgent{err: fmt.Errorf("the ssh-agent at %s does not answer: %w", sock, err)}
	}
	signers, err := agent.NewClient(conn).Signers()
	return &sshAgent{conn: conn, signers: signers, err: err}
}

// fault explains a refused login: what was tried, what could not be.
func (a *auth) fault(err error) error {
	t := a.e.target
	tried := []string{}
	if n := len(a.signers); n > 0 {
		tried = append(tried, fmt.Sprintf("%d key(s)", n))
	}
	if t.Password != "" {
		tried = append(tried, "the password")
	}
	text := fmt.Sprintf("%s refused the login of user %s", a.e.address(), a.e.user)
	if len(tried) == 0 {
		text += ": there is neither a key nor a password to try"
	} else {
		text += ": tried " + strings.Join(tried, " and ")
	}
	if len(a.faults) > 0 {
		text += "; " + strings.Join(a.faults, "; ")
	}
	return t.fault(PhaseAuth, &causeError{text, err},
		"check ansible_user, ansible_ssh_private_key_file (--private-key) or ansible_password (-k)")
}

// causeError words an error anew and keeps its cause.
type causeError struct {
	text  string
	cause error
}

func (e *causeError) Error() string { return e.text }
func (e *causeError) Unwrap() error { return e.cause }
