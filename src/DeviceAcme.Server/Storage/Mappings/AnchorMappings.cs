using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class AnchorCertificateMapping : IEntityTypeConfiguration<StoredAnchorCertificate>
{
    public void Configure(EntityTypeBuilder<StoredAnchorCertificate> certificate)
    {
        certificate.ToTable("anchor_certificates");
        certificate.HasKey(c => c.Fingerprint);
        certificate.Property(c => c.Fingerprint).HasColumnName("fingerprint");
        certificate.Property(c => c.Certificate).HasColumnName("certificate");
    }
}

internal sealed class AnchorVersionMapping : IEntityTypeConfiguration<StoredAnchorVersion>
{
    public void Configure(EntityTypeBuilder<StoredAnchorVersion> version)
    {
        version.ToTable("anchor_versions");
        version.HasKey(v => v.Number);
        version.Property(v => v.Number).HasColumnName("number").ValueGeneratedNever();
        version.Property(v => v.At).HasColumnName("at");
        version.Property(v => v.Actor).HasColumnName("actor");
        version.Property(v => v.Action).HasColumnName("action");
        version.Property(v => v.Hash).HasColumnName("hash");
        version.Property(v => v.Content).HasColumnName("content");
    }
}

internal sealed class AnchorSetMapping : IEntityTypeConfiguration<StoredAnchorSet>
{
    public void Configure(EntityTypeBuilder<StoredAnchorSet> set)
    {
        set.ToTable("anchor_sets");
        set.HasKey(s => s.Hash);
        set.Property(s => s.Hash).HasColumnName("hash");
        set.Property(s => s.Version).HasColumnName("version");
        set.Property(s => s.Folders).HasColumnName("folders");
    }
}
