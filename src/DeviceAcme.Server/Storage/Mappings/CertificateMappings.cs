using DeviceAcme.Core.Orders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class CertificateMapping : IEntityTypeConfiguration<StoredCertificate>
{
    public void Configure(EntityTypeBuilder<StoredCertificate> certificate)
    {
        certificate.ToTable("certificates");
        certificate.HasKey(c => c.Id);
        certificate.Property(c => c.Id).HasColumnName("id");
        certificate.Property(c => c.Order).HasColumnName("order_id");
        certificate.Property(c => c.Account).HasColumnName("account_id");
        certificate.Property(c => c.Device).HasColumnName("device_id");
        certificate.Property(c => c.Profile).HasColumnName("profile");
        certificate.Property(c => c.Serial).HasColumnName("serial");
        certificate.Property(c => c.IssuerKeyId).HasColumnName("issuer_key_id");
        certificate.Property(c => c.Certificate).HasColumnName("certificate");
        certificate.Property(c => c.Chains).HasColumnName("chains");
        certificate.Property(c => c.NotBefore).HasColumnName("not_before");
        certificate.Property(c => c.NotAfter).HasColumnName("not_after");
        certificate.Property(c => c.CreatedAt).HasColumnName("created_at");
        certificate.Property(c => c.RevokedAt).HasColumnName("revoked_at");
        certificate.Property(c => c.RevocationReason).HasColumnName("revocation_reason");
        certificate.HasIndex(c => new { c.Serial, c.IssuerKeyId }).IsUnique().HasDatabaseName("certificates_serial");
        // one certificate per order, whatever happens
        certificate.HasIndex(c => c.Order).IsUnique().HasDatabaseName("certificates_order");
        certificate.HasIndex(c => new { c.Device, c.NotAfter }).HasFilter("device_id IS NOT NULL").HasDatabaseName("certificates_device");
        certificate.HasIndex(c => new { c.Account, c.NotAfter }).HasDatabaseName("certificates_account_ends");
        certificate.HasIndex(c => new { c.Account, c.CreatedAt, c.Id }).HasDatabaseName("certificates_account");
        certificate.HasIndex(c => new { c.CreatedAt, c.Id }).HasDatabaseName("certificates_created");
        certificate.HasIndex(c => new { c.NotAfter, c.Id }).HasDatabaseName("certificates_expiring");
        certificate.HasIndex(c => new { c.Profile, c.CreatedAt, c.Id }).HasDatabaseName("certificates_profile");
        certificate.HasIndex(c => new { c.IssuerKeyId, c.NotAfter, c.Serial, c.RevokedAt, c.RevocationReason }).HasFilter("revoked_at IS NOT NULL").HasDatabaseName("certificates_revoked");
    }
}

internal sealed class ChainMapping : IEntityTypeConfiguration<StoredChain>
{
    public void Configure(EntityTypeBuilder<StoredChain> chain)
    {
        chain.ToTable("chains");
        chain.HasKey(c => c.Hash);
        chain.Property(c => c.Hash).HasColumnName("hash");
        chain.Property(c => c.Certificates).HasColumnName("certificates");
    }
}

internal sealed class CrlMapping : IEntityTypeConfiguration<StoredCrl>
{
    public void Configure(EntityTypeBuilder<StoredCrl> crl)
    {
        crl.ToTable("crls");
        crl.HasKey(c => c.IssuerKeyId);
        crl.Property(c => c.IssuerKeyId).HasColumnName("issuer_key_id");
        crl.Property(c => c.Number).HasColumnName("number");
        crl.Property(c => c.Der).HasColumnName("der");
        crl.Property(c => c.ThisUpdate).HasColumnName("this_update");
        crl.Property(c => c.NextUpdate).HasColumnName("next_update");
    }
}
