using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class ProfileMapping : IEntityTypeConfiguration<StoredProfile>
{
    public void Configure(EntityTypeBuilder<StoredProfile> profile)
    {
        profile.ToTable("profiles");
        profile.HasKey(p => p.Hash);
        profile.Property(p => p.Hash).HasColumnName("hash");
        profile.Property(p => p.Name).HasColumnName("name");
        profile.Property(p => p.Text).HasColumnName("text");
    }
}

internal sealed class ProfileVersionMapping : IEntityTypeConfiguration<StoredProfileVersion>
{
    public void Configure(EntityTypeBuilder<StoredProfileVersion> version)
    {
        version.ToTable("profile_versions");
        version.HasKey(v => v.Number);
        version.Property(v => v.Number).HasColumnName("number").ValueGeneratedNever();
        version.Property(v => v.At).HasColumnName("at");
        version.Property(v => v.Actor).HasColumnName("actor");
        version.Property(v => v.Action).HasColumnName("action");
        version.Property(v => v.Reason).HasColumnName("reason");
        version.Property(v => v.Content).HasColumnName("content");
    }
}

internal sealed class ProfileChangeMapping : IEntityTypeConfiguration<StoredProfileChange>
{
    public void Configure(EntityTypeBuilder<StoredProfileChange> change)
    {
        change.ToTable("profile_changes");
        change.HasKey(c => new { c.Name, c.Number });
        change.Property(c => c.Name).HasColumnName("name");
        change.Property(c => c.Number).HasColumnName("number").ValueGeneratedNever();
        change.Property(c => c.Kind).HasColumnName("kind");
        change.Property(c => c.Hash).HasColumnName("hash");
        change.HasIndex(c => c.Number).HasDatabaseName("profile_changes_number");
    }
}
