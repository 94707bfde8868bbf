using DeviceAcme.Core.Orders;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace DeviceAcme.Server.Storage.Mappings;

internal sealed class OrderMapping : IEntityTypeConfiguration<Order>
{
    public void Configure(EntityTypeBuilder<Order> order)
    {
        order.ToTable("orders");
        order.HasKey(o => o.Id);
        order.Property(o => o.Id).HasColumnName("id");
        order.Property(o => o.AccountId).HasColumnName("account_id");
        order.Property(o => o.Profile).HasColumnName("profile");
        order.Property(o => o.ProfileHash).HasColumnName("profile_hash");
        order.Property(o => o.Status).HasColumnName("status");
        order.Property(o => o.Identifiers).HasColumnName("identifiers");
        order.Property(o => o.NotBefore).HasColumnName("not_before");
        order.Property(o => o.NotAfter).HasColumnName("not_after");
        order.Property(o => o.Expires).HasColumnName("expires");
        order.Property(o => o.CreatedAt).HasColumnName("created_at");
        order.Property(o => o.CertificateId).HasColumnName("certificate_id");
        order.Property(o => o.Error).HasColumnName("error");
        order.Property(o => o.Version).HasColumnName("version").IsConcurrencyToken();
        order.HasIndex(o => new { o.AccountId, o.CreatedAt, o.Id }).HasDatabaseName("orders_account");
        order.HasIndex(o => new { o.AccountId, o.Status, o.Expires }).HasDatabaseName("orders_open");
        order.HasIndex(o => new { o.Profile, o.Expires }).HasFilter("status IN ('pending', 'ready', 'processing')").HasDatabaseName("orders_waiting");
        order.HasIndex(o => new { o.CreatedAt, o.Id }, "orders_created");
        order.HasIndex(o => new { o.CreatedAt, o.Id }, "orders_unfinished").HasFilter("status <> 'valid'");
        order.HasIndex(o => new { o.Profile, o.CreatedAt, o.Id }).HasDatabaseName("orders_profile");
    }
}

internal sealed class OrderAuthorizationMapping : IEntityTypeConfiguration<OrderAuthorization>
{
    public void Configure(EntityTypeBuilder<OrderAuthorization> link)
    {
        link.ToTable("order_authorizations");
        link.HasKey(l => new { l.OrderId, l.Position });
        link.Property(l => l.OrderId).HasColumnName("order_id");
        link.Property(l => l.AuthorizationId).HasColumnName("authorization_id");
        link.Property(l => l.Position).HasColumnName("position");
        link.HasIndex(l => l.AuthorizationId).HasDatabaseName("order_authorizations_authorization");
    }
}

internal sealed class AuthorizationMapping : IEntityTypeConfiguration<Authorization>
{
    public void Configure(EntityTypeBuilder<Authorization> authorization)
    {
        authorization.ToTable("authorizations");
        authorization.HasKey(a => a.Id);
        authorization.Property(a => a.Id).HasColumnName("id");
        authorization.Property(a => a.AccountId).HasColumnName("account_id");
        authorization.Property(a => a.Profile).HasColumnName("profile");
        authorization.Property(a => a.IdentifierType).HasColumnName("identifier_type");
        authorization.Property(a => a.IdentifierValue).HasColumnName("identifier_value");
        authorization.Property(a => a.Wildcard).HasColumnName("wildcard");
        authorization.Property(a => a.PreAuthorization).HasColumnName("pre_authorization");
        authorization.Property(a => a.Status).HasColumnName("status");
        authorization.Property(a => a.Expires).HasColumnName("expires");
        authorization.Property(a => a.CreatedAt).HasColumnName("created_at");
        authorization.Property(a => a.Device).HasColumnName("device_id");
        authorization.Property(a => a.Ticket).HasColumnName("ticket_id");
        authorization.HasIndex(a => new { a.Device, a.Expires }).HasFilter("device_id IS NOT NULL").HasDatabaseName("authorizations_device");
        authorization.Property(a => a.AttestedKey).HasColumnName("attested_key");
        authorization.Property(a => a.Facts).HasColumnName("facts");
        authorization.Property(a => a.EvidenceId).HasColumnName("evidence_id");
        authorization.Property(a => a.Version).HasColumnName("version").IsConcurrencyToken();
        authorization.Ignore(a => a.Identifier);
        authorization.HasMany(a => a.Challenges).WithOne().HasForeignKey(c => c.AuthorizationId).OnDelete(DeleteBehavior.Restrict);
        authorization.Navigation(a => a.Challenges).UsePropertyAccessMode(PropertyAccessMode.Field);
        authorization.HasIndex(a => new { a.AccountId, a.IdentifierType, a.IdentifierValue }).HasDatabaseName("authorizations_identifier");
        // what the cleaning worker will forget
        authorization.HasIndex(a => new { a.Profile, a.Expires }).HasFilter("facts IS NOT NULL").HasDatabaseName("authorizations_facts");
    }
}

internal sealed class ChallengeMapping : IEntityTypeConfiguration<Challenge>
{
    public void Configure(EntityTypeBuilder<Challenge> challenge)
    {
        challenge.ToTable("challenges");
        challenge.HasKey(c => c.Id);
        challenge.Property(c => c.Id).HasColumnName("id");
        challenge.Property(c => c.AuthorizationId).HasColumnName("authorization_id");
        challenge.Property(c => c.Type).HasColumnName("type");
        challenge.Property(c => c.Token).HasColumnName("token");
        challenge.Property(c => c.Position).HasColumnName("position");
        challenge.Property(c => c.Status).HasColumnName("status");
        challenge.Property(c => c.ValidatedAt).HasColumnName("validated_at");
        challenge.Property(c => c.KeyAuthorization).HasColumnName("key_authorization");
        challenge.Property(c => c.AnsweredAt).HasColumnName("answered_at");
        challenge.Property(c => c.Error).HasColumnName("error");
        challenge.HasIndex(c => c.AuthorizationId).HasDatabaseName("challenges_authorization");
        // the validation queue: few rows at any time
        challenge.HasIndex(c => c.AnsweredAt).HasFilter("status = 'processing'").HasDatabaseName("challenges_processing");
    }
}
