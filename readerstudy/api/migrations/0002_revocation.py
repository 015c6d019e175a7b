"""A membership that ends takes its tokens with it, also if it begins again later; a revoked token stays revoked."""

from django.db import migrations

REVOCATION = """
CREATE FUNCTION revoke_tokens_of_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE api_token SET revoked_at = NEW.removed_at WHERE membership_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER revoke_tokens AFTER UPDATE OF removed_at ON studies_membership FOR EACH ROW
    WHEN (OLD.removed_at IS NULL AND NEW.removed_at IS NOT NULL)
    EXECUTE FUNCTION revoke_tokens_of_membership();

CREATE FUNCTION refuse_token_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a token never changes what it opens, and a revoked one never comes back'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER tokens_stay_as_made BEFORE UPDATE ON api_token FOR EACH ROW
    WHEN (NEW.digest <> OLD.digest OR NEW.membership_id <> OLD.membership_id
          OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at))
    EXECUTE FUNCTION refuse_token_change();
"""

UNDO = """
DROP TRIGGER tokens_stay_as_made ON api_token;
DROP FUNCTION refuse_token_change();
DROP TRIGGER revoke_tokens ON studies_membership;
DROP FUNCTION revoke_tokens_of_membership();
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("studies", "0001_initial")]
    operations = [migrations.RunSQL(REVOCATION, UNDO)]
