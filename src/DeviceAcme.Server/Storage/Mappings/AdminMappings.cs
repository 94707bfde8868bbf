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

internal sealed class AnswerMapping : IEntityTypeConfiguration<StoredAnswer>
{
    public void Configure(EntityTypeBuilder<StoredAnswer> answer)
    {
        answer.ToTable("admin_answers");
        answer.HasKey(a => a.KeyHash);
        answer.Property(a => a.KeyHash).HasColumnName("key_hash");
        answer.Property(a => a.RequestHash).HasColumnName("request_hash");
        answer.Property(a => a.Status).HasColumnName("status");
        answer.Property(a => a.ContentType).HasColumnName("content_type");
        answer.Property(a => a.Answer).HasColumnName("answer");
        answer.Property(a => a.ExpiresAt).HasColumnName("expires_at");
        answer.HasIndex(a => a.ExpiresAt).HasDatabaseName("admin_answers_expires");
    }
}
