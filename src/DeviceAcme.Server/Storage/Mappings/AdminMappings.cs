using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class AdminTokenMapping : IEntityTypeConfiguration<StoredAdminToken>
{
    public void Configure(EntityTypeBuilder<StoredAdminToken> token)
    {
        token.ToTable("admin_tokens");
        token.HasKey(t => t.Id);
        token.Property(t => t.Id).HasColumnName("id");
        token.Property(t => t.Name).HasColumnName("name");
        token.Property(t => t.Hash).HasColumnName("hash");
        token.Property(t => t.Roles).HasColumnName("roles");
        token.Property(t => t.Profiles).HasColumnName("profiles");
        token.Property(t => t.CreatedAt).HasColumnName("created_at");
        token.Property(t => t.CreatedBy).HasColumnName("created_by");
        token.Property(t => t.ExpiresAt).HasColumnName("expires_at");
        token.Property(t => t.RevokedAt).HasColumnName("revoked_at");
        token.HasIndex(t => t.Hash).IsUnique().HasDatabaseName("admin_tokens_hash");
        token.HasIndex(t => t.Name).IsUnique().HasDatabaseName("admin_tokens_name");
    }
}
