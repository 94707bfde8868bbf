using DeviceAcme.Core.Devices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class ActivationMapping : IEntityTypeConfiguration<Activation>
{
    public void Configure(EntityTypeBuilder<Activation> activation)
    {
        activation.ToTable("activations");
        activation.HasKey(a => a.Id);
        activation.Property(a => a.Id).HasColumnName("id");
        activation.Property(a => a.Profile).HasColumnName("profile");
        activation.Property(a => a.SecretHash).HasColumnName("secret_hash");
        activation.Property(a => a.EndorsementKeyHash).HasColumnName("endorsement_key_hash");
        activation.Property(a => a.Request).HasColumnName("request");
        activation.Property(a => a.CreatedAt).HasColumnName("created_at");
        activation.Property(a => a.Expires).HasColumnName("expires");
        activation.Property(a => a.UsedAt).HasColumnName("used_at");
        activation.HasIndex(a => a.SecretHash).IsUnique().HasDatabaseName("activations_secret");
        activation.HasIndex(a => a.EndorsementKeyHash).HasDatabaseName("activations_endorsement_key");
        activation.HasIndex(a => a.Expires).HasDatabaseName("activations_expires");
    }
}

internal sealed class AttestationKeyMapping : IEntityTypeConfiguration<StoredAttestationKey>
{
    public void Configure(EntityTypeBuilder<StoredAttestationKey> key)
    {
        key.ToTable("attestation_keys");
        key.HasKey(k => k.Id);
        key.Property(k => k.Id).HasColumnName("id");
        key.Property(k => k.Profile).HasColumnName("profile");
        key.Property(k => k.Device).HasColumnName("device_id");
        key.Property(k => k.Evidence).HasColumnName("evidence_id");
        key.Property(k => k.EndorsementKeyHash).HasColumnName("endorsement_key_hash");
        key.Property(k => k.Serial).HasColumnName("serial");
        key.Property(k => k.IssuerKeyId).HasColumnName("issuer_key_id");
        key.Property(k => k.Certificate).HasColumnName("certificate");
        key.Property(k => k.Fingerprint).HasColumnName("fingerprint");
        key.Property(k => k.NotBefore).HasColumnName("not_before");
        key.Property(k => k.NotAfter).HasColumnName("not_after");
        key.Property(k => k.CreatedAt).HasColumnName("created_at");
        key.Property(k => k.RevokedAt).HasColumnName("revoked_at");
        key.Property(k => k.RevocationReason).HasColumnName("revocation_reason");
        key.HasIndex(k => k.Device).HasDatabaseName("attestation_keys_device");
        key.HasIndex(k => new { k.CreatedAt, k.Id }).HasDatabaseName("attestation_keys_created");
        key.HasIndex(k => k.EndorsementKeyHash).HasDatabaseName("attestation_keys_endorsement_key");
        key.HasIndex(k => new { k.Serial, k.IssuerKeyId }).IsUnique().HasDatabaseName("attestation_keys_serial");
        key.HasIndex(k => new { k.IssuerKeyId, k.NotAfter, k.Serial, k.RevokedAt, k.RevocationReason }).HasFilter("revoked_at IS NOT NULL").HasDatabaseName("attestation_keys_revoked");
    }
}
