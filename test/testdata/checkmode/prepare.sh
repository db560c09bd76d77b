# Makes what the tasks of checkmode.yml would change.
set -e
rm -rf /root/cm
mkdir -p /root/cm/parts /root/cm/mnt /root/cm/web
cd /root/cm
echo before >conf
echo part >parts/1
echo served >web/text
: >sysctl.conf
tar cf archive.tar conf
getent group cmold >/dev/null || groupadd cmold
DEBIAN_FRONTEND=noninteractive apt-get install -y -q git gnupg iptables locales kmod >/dev/null 2>&1
git init -q repo
git -C repo -c user.name=a -c user.email=a@b commit -q --allow-empty -m x
systemctl is-active cron
systemctl stop cmweb 2>/dev/null || true
systemctl reset-failed cmweb 2>/dev/null || true
systemd-run -q --unit cmweb python3 -m http.server -d /root/cm/web 8999
