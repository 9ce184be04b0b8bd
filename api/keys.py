"""The keys of an installation, by its settings."""

from api.settings import NO_MASTER_KEY, Settings, SettingsError
from tenants.keys.master import KeyFile, KeyText, LocalMasterKey, MasterKeyError
from tenants.keys.service import KeyService


def keys_of(settings: Settings) -> KeyService:
    """Return the keys that seal and open. Raises `SettingsError` for a master key that is none."""
    try:
        return KeyService(LocalMasterKey(master_key_source(settings)))
    except MasterKeyError as error:
        raise SettingsError([str(error)]) from None


def master_key_source(settings: Settings) -> KeyFile | KeyText:
    """Return where the master key is. Raises `SettingsError` when it is nowhere."""
    if settings.master_key is not None:
        return KeyFile(settings.master_key)
    if settings.master_keys is not None:
        return KeyText(settings.master_keys.get_secret_value(), "SEXTRONTGEN_MASTER_KEYS")
    raise SettingsError([NO_MASTER_KEY])
