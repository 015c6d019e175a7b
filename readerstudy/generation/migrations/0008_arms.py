"""Texts written by people, larger imports with replicates, and provider cards."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from readerstudy.audit.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0007_texts"),
        ("studies", "0005_choices"),
        ("audit", "0002_chain"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="VendorCard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.CharField(max_length=40, verbose_name="provider")),
                ("number", models.PositiveIntegerField(verbose_name="version")),
                (
                    "agreement",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("terms", "The provider’s general terms alone"),
                            ("processing", "A contract on data processing (GDPR, article 28)"),
                            ("associate", "A business associate agreement (HIPAA)"),
                            ("own", "Our own server: nothing goes to a third party"),
                        ],
                        max_length=12,
                        verbose_name="agreement",
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="Where the agreement is filed: a number or a place.",
                        max_length=120,
                        verbose_name="reference",
                    ),
                ),
                ("signed_on", models.DateField(blank=True, null=True, verbose_name="signed on")),
                (
                    "expires_on",
                    models.DateField(
                        blank=True, help_text="Leave empty where it does not expire.", null=True, verbose_name="valid until"
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        help_text="Where the provider processes and stores: EU, USA, our house …",
                        max_length=120,
                        verbose_name="region",
                    ),
                ),
                (
                    "retention",
                    models.CharField(
                        help_text="How long the provider keeps what it is sent: not at all, 30 days …",
                        max_length=120,
                        verbose_name="kept by the provider",
                    ),
                ),
                (
                    "training",
                    models.CharField(
                        choices=[
                            ("unknown", "Not known"),
                            ("allowed", "The provider may train on it"),
                            ("excluded", "Excluded"),
                        ],
                        max_length=10,
                        verbose_name="training of models",
                    ),
                ),
                (
                    "contact",
                    models.CharField(
                        blank=True,
                        help_text="Whom to ask in this house about the agreement.",
                        max_length=160,
                        verbose_name="contact",
                    ),
                ),
                (
                    "allows_patient_data",
                    models.BooleanField(
                        default=False,
                        help_text="Needs an agreement that binds the provider, and training excluded.",
                        verbose_name="Patient data may be sent to this provider",
                    ),
                ),
                ("entered_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "entered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"verbose_name": "provider card", "verbose_name_plural": "provider cards"},
        ),
        migrations.AddConstraint(
            model_name="vendorcard",
            constraint=models.UniqueConstraint(
                fields=("connection", "number"), name="generation_cards_are_numbered"
            ),
        ),
        migrations.AddConstraint(
            model_name="vendorcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("agreement__in", ["none", "terms", "processing", "associate", "own"])),
                name="generation_known_agreement",
            ),
        ),
        migrations.AddConstraint(
            model_name="vendorcard",
            constraint=models.CheckConstraint(
                condition=models.Q(("training__in", ["unknown", "allowed", "excluded"])),
                name="generation_known_training_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="vendorcard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("allows_patient_data", False),
                    models.Q(("agreement__in", ["associate", "own", "processing"]), ("training", "excluded")),
                    _connector="OR",
                ),
                name="generation_patient_data_need_a_binding_agreement",
            ),
        ),
        migrations.AddConstraint(
            model_name="vendorcard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("signed_on", None),
                    ("expires_on", None),
                    ("expires_on__gte", models.F("signed_on")),
                    _connector="OR",
                ),
                name="generation_a_card_expires_after_it_is_signed",
            ),
        ),
        append_only("generation_vendorcard"),
        migrations.AddField(
            model_name="recordedoutput",
            name="replicate",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="recordedoutput",
            name="label",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="recordedoutput", name="confidence", field=models.FloatField(null=True)
        ),
        migrations.AddField(
            model_name="recordedoutput", name="boxes", field=models.JSONField(default=list)
        ),
        migrations.AddField(
            model_name="recordedoutput",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="recordedoutput",
            name="file_sha256",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The file it came from; empty where it was typed.",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.RemoveConstraint(
            model_name="recordedoutput", name="generation_one_recorded_output_per_case"
        ),
        migrations.AddConstraint(
            model_name="recordedoutput",
            constraint=models.UniqueConstraint(
                fields=("arm", "case", "replicate"), name="generation_one_recorded_output_per_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="recordedoutput",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confidence", None),
                    models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                    _connector="OR",
                ),
                name="generation_recorded_confidence_is_a_share",
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="connection",
            field=models.CharField(
                blank=True, default="", help_text="The provider when the call was made.", max_length=40
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="attempt",
            name="words_bytes",
            field=models.PositiveIntegerField(
                default=0, help_text="Bytes of words that were sent, as UTF-8."
            ),
        ),
        migrations.CreateModel(
            name="ArrivedFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=32, unique=True)),
                ("ending", models.CharField(max_length=10)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("arrived_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "arm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="studies.arm"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "arrived file of outputs",
                "verbose_name_plural": "arrived files of outputs",
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(blank=True)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "arm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drafts", to="studies.arm"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case"
                    ),
                ),
            ],
            options={"verbose_name": "draft", "verbose_name_plural": "drafts"},
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(fields=("arm", "case", "by"), name="generation_one_draft_a_writer"),
        ),
    ]
